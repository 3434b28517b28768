/** A function of the program's own, as the model calls it. */
interface Call {
  name: string
  args: object
}

/** How a program reads a file, runs a command, and writes a file. */
interface Tools {
  read: (file: string) => Call
  run: (command: string) => Call
  write: (file: string, content: string) => Call
}

/** What the model thinks before the first step, where it is asked to tell. */
export const thought = 'Two of the names should be in files of their own.'

/** What the model does with the tools of each program, which it has to know. */
export const scripts = {
  'qwen-code': (home: string) =>
    playing({
      read: (file) => ({ name: 'read_file', args: { file_path: `${home}/harbour/${file}` } }),
      // It loses what is said by a command that is over at once.
      run: (command) => ({ name: 'run_shell_command', args: { command: `${command}; sleep 1` } }),
      write: (file, content) => ({
        name: 'edit',
        args: { file_path: `${home}/harbour/${file}`, old_string: '', new_string: content },
      }),
    }),
  continue: () =>
    playing({
      read: (filepath) => ({ name: 'Read', args: { filepath } }),
      run: (command) => ({ name: 'Bash', args: { command } }),
      write: (filepath, content) => ({ name: 'Write', args: { filepath, content } }),
    }),
  opencode: () =>
    playing({
      read: (filePath) => ({ name: 'read', args: { filePath } }),
      run: (command) => ({ name: 'bash', args: { command, description: 'Looks for Flensburg' } }),
      write: (filePath, content) => ({ name: 'write', args: { filePath, content } }),
    }),
  cline: () => [
    ...lookingAt({ name: 'read_files', args: { files: [{ path: 'buoy.png' }] } }),
    ...playing({
      read: (path) => ({ name: 'read_files', args: { files: [{ path }] } }),
      run: (command) => ({ name: 'run_commands', args: { commands: [command] } }),
      write: (path, new_text) => ({ name: 'editor', args: { path, new_text } }),
    }),
  ],
  llm: () =>
    playing({
      read: (file) => ({ name: 'read_file', args: { file } }),
      run: (command) => ({ name: 'run_command', args: { command } }),
      write: (file, content) => ({ name: 'write_file', args: { file, content } }),
    }),
  aider: () => [{ when: { contains: 'Inga Lund' }, answer: { text: renaming } }, ...besides, aye],
}

/** Aider takes edits as text. */
const renaming = `kiel.txt
\`\`\`
<<<<<<< SEARCH
The harbour master of Kiel is called Wiebke Petersen.
=======
The harbour master of Kiel is called Inga Lund.
>>>>>>> REPLACE
\`\`\`
`

/** Two files are read at once, a third is searched, a fourth written; then there is a text. */
function playing({ read, run, write }: Tools): object[] {
  const [kiel, rostock] = [read('kiel.txt'), read('rostock.txt')]
  const flensburg = run('grep -h Flensburg *.txt')
  const crew = write('crew.txt', 'Petersen, Brandt, Nissen')
  // Some programs quote the task when they ask for a title.
  const asked = { contains: 'Flensburg', matches: '^(?!Generate a title)' }
  return [
    ...besides,
    { when: { ...asked, tool_result: kiel.name }, answer: { calls: [flensburg] } },
    { when: { ...asked, tool_result: flensburg.name }, answer: { calls: [crew] } },
    // The emulator's own text, which takes up all results.
    { when: { ...asked, tool_result: crew.name }, answer: { fault: 'pace=1' } },
    { when: asked, answer: { thoughts: thought, calls: [kiel, rostock] } },
    aye,
  ]
}

/** A picture is read by a function, and comes in a message of its own, without a word. */
function lookingAt(call: Call): object[] {
  return [
    { when: { matches: '^$' }, answer: { text: 'A buoy.' } },
    { when: { contains: 'Look at' }, answer: { calls: [call] } },
  ]
}

/** What needs no tools. */
const besides = [
  { when: { contains: 'Greet' }, answer: { text: 'Moin, moin!' } },
  { when: { contains: 'Ponder' }, answer: { thoughts: thought, text: 'So be it.' } },
  { when: { contains: 'Name a ship' }, answer: { json: { ship: 'Seagull', port: 'Kiel' } } },
  { when: { contains: 'Describe' }, answer: { text: 'A buoy.' } },
  {
    when: { contains: 'smuggling' },
    answer: { error: { code: 400, message: 'The harbour is closed to smugglers.' } },
  },
  {
    when: { contains: 'shanty' },
    answer: { text: 'What shall we do with the drunken sailor? '.repeat(40), fault: 'pace=300' },
  },
]

/** To titles, summaries, and whatever else a program wants to know. */
const aye = { answer: { text: 'Aye.' } }
