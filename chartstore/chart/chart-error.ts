/**
 * The client's package, provenance or name is at fault: answered 400 with the message as the literal `error` text
 * (spec/chartmuseum.md 1.5).
 */
export class InvalidChart extends Error {
  override name = 'InvalidChart'
}

/** @throws {InvalidChart} with what was thrown as its text, behind a prefix such as `cannot load Chart.yaml`. */
export function rethrowAsInvalid(prefix: string, error: unknown): never {
  throw new InvalidChart(`${prefix}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  })
}
