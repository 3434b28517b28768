import { scripts } from './programs/scripts.ts'

/** What a client may be able to do; those of all clients, and those that only SDKs have. */
export const abilities = [
  'text',
  'stream',
  'tools',
  'parallel tools',
  'signatures',
  'structured output',
  'reasoning',
  'vision',
  'audio',
  'errors',
  'cancel',
] as const

export const sdkAbilities = ['stream helper', 'logprobs', 'choices', 'retries', 'timeout'] as const

export type Ability = (typeof abilities)[number] | (typeof sdkAbilities)[number]

export const groups = ['sdk', 'framework', 'program'] as const
export type Group = (typeof groups)[number]

/** What the emulator answers to a client with this home: entries as docs/emulator.md has them. */
export type Script = (home: string) => object[]

/** A client that people use, and the program that shows it at work. */
export interface Client {
  /** On the command line. */
  id: string
  /** As people know it; the title of its section in docs/clients.md. */
  name: string
  group: Group
  /** Its program in this folder: a file of TypeScript or Python, or a folder of Go. */
  program: string
  /** The packages whose versions are shown, as package.json, the requirements or go.mod call them. */
  packages: string[]
  /** What a client in Python needs, as a file in this folder; it gets a virtual environment with it. */
  requirements?: string
  /** What the model does with a program's own tools; it knows what to do with ours. */
  script?: Script
  /** What is known to fail, and why. */
  known?: Partial<Record<Ability, string>>
}

/** Every client that `npm run test:clients` runs, in the order of docs/clients.md. */
export const clients: Client[] = [
  {
    id: 'openai-python',
    name: 'OpenAI SDK for Python',
    group: 'sdk',
    program: 'python/openai_sdk.py',
    packages: ['openai'],
    requirements: 'python/requirements.txt',
  },
  {
    id: 'qwen-code',
    name: 'Qwen Code',
    group: 'program',
    program: 'programs/qwen-code.ts',
    packages: ['@qwen-code/qwen-code'],
    script: scripts['qwen-code'],
  },
  {
    id: 'continue',
    name: 'Continue',
    group: 'program',
    program: 'programs/continue.ts',
    packages: ['@continuedev/cli'],
    script: scripts.continue,
  },
  {
    id: 'opencode',
    name: 'opencode',
    group: 'program',
    program: 'programs/opencode.ts',
    packages: ['opencode-ai'],
    script: scripts.opencode,
  },
  {
    id: 'cline',
    name: 'Cline',
    group: 'program',
    program: 'programs/cline.ts',
    packages: ['cline'],
    script: scripts.cline,
  },
  {
    id: 'aider',
    name: 'aider',
    group: 'program',
    program: 'programs/aider.ts',
    packages: ['aider-chat'],
    requirements: 'programs/aider.txt',
    script: scripts.aider,
  },
  {
    id: 'llm',
    name: 'LLM',
    group: 'program',
    program: 'programs/llm.ts',
    packages: ['llm'],
    requirements: 'programs/llm.txt',
    script: scripts.llm,
  },
]

/** What the run wants to hear about. */
export function abilitiesOf({ group }: Client): Ability[] {
  return group === 'sdk' ? [...abilities, ...sdkAbilities] : [...abilities]
}
