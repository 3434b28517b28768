import { join } from 'node:path'
import {
  cannot,
  configure,
  didTheTask,
  endless,
  forbidden,
  greeting,
  interrupt,
  run,
  says,
  task,
  tell,
  tellsWhy,
} from './program.ts'

configure('llm.yaml', '.config/io.datasette.llm/extra-openai-models.yaml')

function llm(...args: string[]) {
  return { file: 'llm', args: ['--model', 'gemini-3-flash', ...args] }
}

await tell('text', async () => says('Moin, moin!', await run(llm(greeting, '--no-stream'))))
await tell('stream', async () => says('Moin, moin!', await run(llm(greeting))))
const done = run(llm(task, '--functions', join(import.meta.dirname, 'llm-tools.py')))
await tell('tools', async () => didTheTask(await done))
await tell('parallel tools', async () => didTheTask(await done))
await tell('structured output', async () =>
  says('Seagull', await run(llm('Name a ship.', '--schema', 'ship, port'))),
)
await tell('vision', async () =>
  says('A buoy.', await run(llm('Describe this.', '--attachment', 'buoy.png'))),
)
await tell('audio', async () =>
  says('A buoy.', await run(llm('Describe this.', '--attachment', 'horn.wav'))),
)
await tell('errors', async () => tellsWhy(await run(llm(forbidden))))
await tell('cancel', () => interrupt(llm(endless)))
cannot('reasoning', 'it reads no thoughts from Chat Completions')
