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

configure('cline.json', '.cline/data/settings/global-settings.json')

function cline(...args: string[]) {
  // Without the daemon that several windows would share.
  const env = { CLINE_SESSION_BACKEND_MODE: 'local' }
  return { file: 'cline', args, env }
}

const provider = ['--provider', 'openai-compatible', '--baseurl', url, '--apikey', 'any']
await run(cline('auth', ...provider, '--modelid', signingModel))

await tell('text', async () => says('Moin, moin!', await run(cline(greeting))))
const done = run(cline(task))
await tell('stream', async () => didTheTask(await done))
await tell('tools', async () => didTheTask(await done))
await tell('parallel tools', async () => didTheTask(await done))
await tell('vision', async () => says('A buoy.', await run(cline('Look at buoy.png.'))))
await tell('errors', async () => tellsWhy(await run(cline(forbidden))))
await tell('cancel', () => interrupt(cline(endless)))
cannot('reasoning', 'it cannot be told to ask for thoughts')
cannot('audio', 'it takes text and pictures')
cannot('structured output', 'it has no such option')
