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
  /** All that it looks at, where it is no client but somebody else's test of one like us. */
  looksAt?: Ability[]
  /** What its snippet prints, where that is not `ahoy`. */
  shows?: string
  /** What is known to fail, and why. */
  known?: Partial<Record<Ability, string>>
}

/** Every client that `npm run test:clients` runs, in the order of docs/clients.md. */
export const clients: Client[] = [
  {
    id: 'openai-node',
    name: 'OpenAI SDK for Node',
    group: 'sdk',
    program: 'node/openai.ts',
    packages: ['openai'],
  },
  {
    id: 'openai-python',
    name: 'OpenAI SDK for Python',
    group: 'sdk',
    program: 'python/openai-sdk.py',
    packages: ['openai'],
    requirements: 'python/requirements.txt',
  },
  {
    id: 'openai-go',
    name: 'OpenAI SDK for Go',
    group: 'sdk',
    program: 'go/openai',
    packages: ['github.com/openai/openai-go/v3'],
  },
  {
    id: 'ai-sdk-openai',
    name: 'AI SDK with @ai-sdk/openai',
    group: 'framework',
    program: 'node/ai-sdk-openai.ts',
    packages: ['ai', '@ai-sdk/openai'],
  },
  {
    id: 'ai-sdk-openai-compatible',
    name: 'AI SDK with @ai-sdk/openai-compatible',
    group: 'framework',
    program: 'node/ai-sdk-openai-compatible.ts',
    packages: ['ai', '@ai-sdk/openai-compatible'],
  },
  {
    id: 'langchain-node',
    name: 'LangChain for Node',
    group: 'framework',
    program: 'node/langchain.ts',
    packages: ['langchain', '@langchain/openai'],
  },
  {
    id: 'openai-agents-node',
    name: 'OpenAI Agents SDK for Node',
    group: 'framework',
    program: 'node/openai-agents.ts',
    packages: ['@openai/agents'],
  },
  {
    id: 'instructor-node',
    name: 'Instructor for Node',
    group: 'framework',
    program: 'node/instructor.ts',
    packages: ['@instructor-ai/instructor'],
    shows: "ship: 'Seagull'",
  },
  {
    id: 'llamaindex-node',
    name: 'LlamaIndex for Node',
    group: 'framework',
    program: 'node/llamaindex.ts',
    packages: ['llamaindex', '@llamaindex/openai'],
  },
  {
    id: 'compatcanary',
    name: 'CompatCanary',
    group: 'framework',
    program: 'node/compatcanary.ts',
    packages: ['compatcanary'],
    looksAt: ['text', 'stream', 'structured output'],
  },
  {
    id: 'langchain-python',
    name: 'LangChain for Python',
    group: 'framework',
    program: 'python/langchain-openai.py',
    packages: ['langchain-openai', 'langchain'],
    requirements: 'python/frameworks.txt',
  },
  {
    id: 'langchain-standard',
    name: "LangChain's standard tests",
    group: 'framework',
    program: 'python/langchain-standard.py',
    packages: ['langchain-tests', 'langchain-openai'],
    requirements: 'python/frameworks.txt',
    // Not at signatures: its histories have calls that no model made.
    looksAt: ['text', 'stream', 'tools', 'structured output', 'vision', 'audio'],
  },
  {
    id: 'openai-agents-python',
    name: 'OpenAI Agents SDK for Python',
    group: 'framework',
    program: 'python/openai-agents.py',
    packages: ['openai-agents'],
    requirements: 'python/frameworks.txt',
  },
  {
    id: 'pydantic-ai',
    name: 'Pydantic AI',
    group: 'framework',
    program: 'python/pydantic-ai.py',
    packages: ['pydantic-ai-slim'],
    requirements: 'python/frameworks.txt',
  },
  {
    id: 'semantic-kernel',
    name: 'Semantic Kernel',
    group: 'framework',
    program: 'python/semantic-kernel.py',
    packages: ['semantic-kernel'],
    requirements: 'python/frameworks.txt',
  },
  {
    id: 'instructor-python',
    name: 'Instructor for Python',
    group: 'framework',
    program: 'python/instructor-openai.py',
    packages: ['instructor'],
    // In what the model thinks.
    shows: 'Anna',
    requirements: 'python/frameworks-openai-2.txt',
  },
  {
    id: 'llama-index',
    name: 'LlamaIndex',
    group: 'framework',
    program: 'python/llama-index.py',
    packages: ['llama-index-llms-openai-like', 'llama-index-core'],
    requirements: 'python/frameworks-openai-2.txt',
  },
  {
    // In its group for its weight alone: 860 MB.
    id: 'crewai',
    name: 'CrewAI',
    group: 'program',
    program: 'python/crewai-crew.py',
    packages: ['crewai'],
    requirements: 'python/crewai.txt',
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
export function abilitiesOf({ group, looksAt }: Client): Ability[] {
  if (looksAt !== undefined) return looksAt
  return group === 'sdk' ? [...abilities, ...sdkAbilities] : [...abilities]
}
