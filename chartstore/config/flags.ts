import { ConfigError } from '../../service/start-error.ts'
import { flagOf, SETTINGS, type Setting } from './settings.ts'

/** What the command line asks for besides settings. */
export type Wish = 'run' | 'check' | 'help' | 'version'

export interface CommandLine {
  wish: Wish
  /** By the name of the variable that says the same. */
  values: Record<string, string>
}

const BY_FLAG = new Map(SETTINGS.map((setting) => [flagOf(setting), setting]))
const CONFIG_FLAGS = new Set(['config', 'c'])
const WISHES: Readonly<Record<string, Wish>> = {
  'check-config': 'check',
  help: 'help',
  h: 'help',
  version: 'version',
  v: 'version',
}

/**
 * ChartMuseum's command line: `--name=value`, `--name value`, `--switch`, with one dash or two.
 * @throws {ConfigError} for anything else: a mistyped flag must not start the store.
 */
export function parseFlags(args: readonly string[]): CommandLine {
  const values: Record<string, string> = {}
  const faults: string[] = []
  let wish: Wish = 'run'
  const left = [...args]
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const [, name, given] = /^--?([a-z][\w-]*)(?:=(.*))?$/s.exec(arg) ?? []
    const setting = name === undefined ? undefined : BY_FLAG.get(name)
    const wished = name === undefined ? undefined : WISHES[name]
    if (name === undefined) {
      faults.push(`unexpected argument ${JSON.stringify(arg)}: settings are --name=value`)
    } else if (wished !== undefined && given === undefined) {
      wish = wished
    } else if (setting === undefined && !CONFIG_FLAGS.has(name)) {
      faults.push(`unknown flag --${name}${suggest(name)}: --help lists all`)
    } else {
      const value = given ?? (setting?.type === 'switch' ? 'true' : left.shift())
      if (value === undefined) faults.push(`--${name} needs a value: --${name}=…`)
      else set(values, setting, value)
    }
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return { wish, values }
}

function set(values: Record<string, string>, setting: Setting | undefined, value: string): void {
  const env = setting?.env ?? 'CONFIG'
  const before = values[env]
  values[env] = setting?.type === 'list' && before !== undefined ? `${before},${value}` : value
}

function suggest(name: string): string {
  const letters = (text: string) => text.replaceAll(/[-_]/g, '')
  const near = [...BY_FLAG.keys()].find(
    (flag) => letters(flag) === letters(name) || flag.endsWith(`-${name}`),
  )
  return near === undefined ? '' : ` (--${near}?)`
}

/** What `--help` prints. */
export function describeFlags(): string {
  const lines = SETTINGS.map((setting) => {
    const { says, instead, idle, byDefault } = setting
    const text = says ?? (idle === undefined ? `not supported: ${instead}` : `no effect: ${idle}`)
    const standard = byDefault === '' ? '' : ` (${byDefault})`
    return `  --${flagOf(setting)}${standard}\n      ${[text, `[$${setting.env}]`].filter(Boolean).join(' ')}`
  })
  const own =
    '  --config, -c\n      a YAML file of settings [$CONFIG]\n  --check-config\n  --version'
  return `chart store of Chartgate, with the settings of ChartMuseum\n\n${lines.join('\n')}\n${own}\n`
}
