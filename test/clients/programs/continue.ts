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

configure('continue.yaml', '.continue/config.yaml')

/** Prints the answer, and may use every tool. */
function cn(prompt: string) {
  const env = { CONTINUE_METRICS_ENABLED: '0' }
  const config = '../.continue/config.yaml'
  return { file: 'cn', args: ['--print', '--auto', '--config', config, prompt], env }
}

await tell('text', async () => says('Moin, moin!', await run(cn(greeting))))
const done = run(cn(task))
await tell('stream', async () => didTheTask(await done))
await tell('tools', async () => didTheTask(await done))
await tell('parallel tools', async () => didTheTask(await done))
await tell('errors', async () => tellsWhy(await run(cn(forbidden))))
await tell('cancel', () => interrupt(cn(endless)))
cannot('reasoning', 'it reads no thoughts')
cannot('vision', 'headless, it takes text only')
cannot('audio', 'headless, it takes text only')
cannot('structured output', 'it has no such option')
