// The server of @musistudio/llms, which has no command of its own, with Gemini as its one provider.
import { createRequire } from 'node:module'

// Its ES module does not load in Node.
const { default: Server } = createRequire(import.meta.url)('@musistudio/llms')
const { PORT, UPSTREAM } = process.env
const server = new Server({
  logger: false,
  useJsonFile: false,
  initialConfig: {
    HOST: '127.0.0.1',
    PORT,
    providers: [
      {
        name: 'google',
        api_base_url: `${UPSTREAM}/v1beta/models/`,
        api_key: 'bench',
        models: [],
        transformer: { use: ['gemini'] },
      },
    ],
  },
})
await server.start()
