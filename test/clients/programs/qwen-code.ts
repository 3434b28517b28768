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
  signingModel,
  task,
  tell,
  tellsWhy,
  url,
} from './program.ts'
import { thought } from './scripts.ts'

configure('qwen-code.json', '.qwen/settings.json')
const key = { OPENAI_API_KEY: 'any' }
const quiet = { QWEN_CODE_SUPPRESS_YOLO_WARNING: '1' }

/** As the settings have it, with all of its tools. */
function qwen(...args: string[]) {
  return { file: 'qwen', args, env: { ...key, ...quiet } }
}

/** Without settings, and with the few tools that are always there. */
function bare(...args: string[]) {
  const settings = ['--auth-type', 'openai', '--openai-base-url', url, '--model', signingModel]
  return qwen(...args, '--bare', '--yolo', ...settings)
}

await tell('text', async () => says('Moin, moin!', await run(qwen(greeting))))
const done = run(bare(task))
await tell('stream', async () => didTheTask(await done))
await tell('tools', async () => didTheTask(await done))
await tell('parallel tools', async () => didTheTask(await done))
await tell('reasoning', async () =>
  says(thought, await run(qwen('Ponder.', '--output-format', 'stream-json'))),
)
await tell('vision', async () => says('A buoy.', await run(qwen('Describe @buoy.png'))))
await tell('audio', async () => says('A buoy.', await run(qwen('Describe @horn.wav'))))
await tell('errors', async () => tellsWhy(await run(qwen(forbidden))))
await tell('cancel', () => interrupt(qwen(endless)))
cannot('structured output', 'it asks for it by a tool of its own')
