/**
 * A fault that the operator can mend: told in plain sentences, without a stack, exit code 78
 * (EX_CONFIG of sysexits.h).
 */
export class StartError extends Error {
  override name = 'StartError'
}

/** Something that is needed cannot be reached: nothing is wrong here, and it may be there again later. */
export class Unreachable extends StartError {
  override name = 'Unreachable'
}

/** Everything that is wrong with the configuration, in one message. */
export class ConfigError extends StartError {
  override name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
    super(`the configuration has ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

export const EXIT_CONFIG = 78
