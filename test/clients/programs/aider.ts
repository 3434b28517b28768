import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  cannot,
  configure,
  endless,
  folder,
  forbidden,
  greeting,
  interrupt,
  run,
  says,
  tell,
  tellsWhy,
} from './program.ts'
import { thought } from './scripts.ts'

configure('aider.yml', '.aider.conf.yml')
configure('aider-models.yml', '.aider.model.settings.yml')
configure('aider-metadata.json', '.aider.model.metadata.json')

/** One message, outside of any repository. */
function aider(message: string, ...more: string[]) {
  const env = { LITELLM_LOCAL_MODEL_COST_MAP: 'True' }
  const args = ['--message', message, '--no-git', '--yes-always', '--no-pretty', ...more]
  return { file: 'aider', args, env }
}

await tell('text', async () => says('Moin, moin!', await run(aider(greeting, '--no-stream'))))
await tell('stream', async () => {
  const end = await run(aider('The master of Kiel is Inga Lund now.', 'kiel.txt'))
  says('kiel.txt', end)
  assert.ok(readFileSync(join(folder, 'kiel.txt'), 'utf8').includes('Inga Lund'))
})
await tell('reasoning', async () => says(thought, await run(aider('Ponder.'))))
await tell('vision', async () => says('A buoy.', await run(aider('Describe this.', 'buoy.png'))))
await tell('errors', async () => tellsWhy(await run(aider(forbidden))))
await tell('cancel', () => interrupt(aider(endless)))
for (const ability of ['tools', 'parallel tools'] as const) {
  cannot(ability, 'it reads files by itself, and edits come as text')
}
cannot('structured output', 'edits come as text')
cannot('audio', 'it takes text and pictures')
