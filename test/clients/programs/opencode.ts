import { join } from 'node:path'
import {
  cannot,
  configure,
  didTheTask,
  endless,
  forbidden,
  greeting,
  interrupt,
  packages,
  run,
  says,
  task,
  tell,
  tellsWhy,
} from './program.ts'
import { thought } from './scripts.ts'

configure('opencode.json', 'harbour/opencode.json')

/** It would fetch a list of models, updates and plugins. */
const offline = {
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
}

function opencode(...args: string[]) {
  const platform = `opencode-${process.platform}-${process.arch}`
  const file = join(packages, platform, 'bin', 'opencode')
  return { file, args: ['run', '--pure', ...args], env: offline }
}

await tell('text', async () => says('Moin, moin!', await run(opencode(greeting))))
const done = run(opencode(task, '--thinking'))
await tell('stream', async () => didTheTask(await done))
await tell('tools', async () => didTheTask(await done))
await tell('parallel tools', async () => didTheTask(await done))
await tell('reasoning', async () => says(thought, await done))
await tell('vision', async () =>
  says('A buoy.', await run(opencode('Describe this.', '--file', 'buoy.png'))),
)
await tell('errors', async () => tellsWhy(await run(opencode(forbidden))))
await tell('cancel', () => interrupt(opencode(endless)))
cannot('audio', 'it attaches no recordings')
cannot('structured output', 'it has no such option')
