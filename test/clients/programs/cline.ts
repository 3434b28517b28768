import {
  cannot,
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

function cline(...args: string[]) {
  return { file: 'cline', args }
}

const provider = ['--provider', 'openai-compatible', '--baseurl', url, '--apikey', 'any']
await run(cline('auth', ...provider, '--modelid', signingModel))

await tell('text', async () => says('Moin, moin!', await run(cline(greeting))))
const done = run(cline(task))
await tell('stream', async () => didTheTask(await done))
await tell('tools', async () => didTheTask(await done))
await tell('parallel tools', async () => didTheTask(await done))
await tell('vision', async () => says('A buoy.', await run(cline('Describe @buoy.png'))))
await tell('errors', async () => tellsWhy(await run(cline(forbidden))))
await tell('cancel', () => interrupt(cline(endless)))
cannot('structured output', 'it has no such option')
