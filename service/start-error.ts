/**
 * A fault that the operator can mend: told in plain sentences, without a stack, exit code 78
 * (EX_CONFIG of sysexits.h).
 */
export class StartError extends Error {
  override name = 'StartError'
}

export const EXIT_CONFIG = 78
