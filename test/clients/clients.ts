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
    known: {
      signatures: 'they make up histories with calls of no model, where the placeholder is right',
    },
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
]

/** What the run wants to hear about. */
export function abilitiesOf({ group }: Client): Ability[] {
  return group === 'sdk' ? [...abilities, ...sdkAbilities] : [...abilities]
}
