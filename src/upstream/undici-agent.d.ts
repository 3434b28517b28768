/** undici's agent alone. Its index brings fetch, WebSockets, caches and mocks along: 87 modules, 11 MB. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export default Agent
}
