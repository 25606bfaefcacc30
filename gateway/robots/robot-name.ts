/** `robot$` by default; Harbor users change it because shells expand `$`. */
export const DEFAULT_ROBOT_PREFIX = 'robot$'

export interface RobotName {
  projectName: string | null
  name: string
}

/** `robot$ci` for a robot of the system, `robot$library+ci` for one of project library. */
export function formatRobotName(prefix: string, robot: RobotName): string {
  return robot.projectName === null
    ? `${prefix}${robot.name}`
    : `${prefix}${robot.projectName}+${robot.name}`
}

/** The robot that a login name means, or undefined where the name has not the prefix. Neither part may hold a `+`. */
export function parseRobotName(prefix: string, login: string): RobotName | undefined {
  if (!login.startsWith(prefix)) return undefined
  const parts = login.slice(prefix.length).split('+')
  const [first, second] = parts
  if (parts.length === 1 && first) return { projectName: null, name: first }
  if (parts.length === 2 && first && second) return { projectName: first, name: second }
  return undefined
}
