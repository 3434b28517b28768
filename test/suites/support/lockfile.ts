import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One installed copy of a package, as the lock file has it. */
export interface LockedPackage {
  /** Where it is installed, e.g. `node_modules/ajv`. */
  path: string
  name: string
  version: string
  integrity?: string
  resolved?: string
  license?: string
  /** Only development needs it. */
  dev?: boolean
  hasInstallScript?: boolean
  link?: boolean
}

export interface Lockfile {
  version: number
  packages: LockedPackage[]
}

/** What `npm ci` installs in this folder. */
export function readLockfile(root: string): Lockfile {
  const { lockfileVersion, packages }: Written = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  )
  return {
    version: lockfileVersion,
    packages: Object.entries(packages)
      .filter(([path]) => path !== '')
      .map(([path, entry]) => ({ ...entry, path, name: path.split('node_modules/').at(-1) ?? '' })),
  }
}

interface Written {
  lockfileVersion: number
  packages: Record<string, Omit<LockedPackage, 'path' | 'name'>>
}

/** Whether a version is at least another, by its three numbers. */
export function isAtLeast(version: string, floor: string): boolean {
  const [given, least] = [version, floor].map((one) => one.split(/[.-]/).map(Number))
  const differing = [0, 1, 2].find((at) => given?.[at] !== least?.[at])
  return differing === undefined || (given?.[differing] ?? 0) > (least?.[differing] ?? 0)
}
