import { z } from 'zod'
import { hashPassword } from '../auth/password.ts'
import { created, type Reply } from '../http/reply.ts'
import { describeChange, expiryOf } from './describe-robot.ts'
import { formatRobotName } from './robot-name.ts'
import type { NewRobot, RobotRecords } from './robot-records.ts'
import { makeRobotSecret } from './robot-secret.ts'

export const newRobotModel = z
  .object({
    id: z.int(),
    name: z.string(),
    /** Told this once. */
    secret: z.string(),
    creation_time: z.iso.datetime(),
    expires_at: z.int(),
  })
  .meta({ id: 'NewRobot' })

export type NewRobotModel = z.output<typeof newRobotModel>

/**
 * Makes a robot, with a secret that is told this once.
 * @param location of robots: the id is put behind it.
 */
export async function createRobot(
  records: RobotRecords,
  prefix: string,
  settings: Omit<NewRobot, 'secretHash'>,
  location: string,
): Promise<Reply<NewRobotModel>> {
  const secret = makeRobotSecret()
  const robot = await records.insert({ ...settings, secretHash: await hashPassword(secret) })
  return {
    ...created(`${location}/${robot.id}`, describeChange(prefix, robot, 'create')),
    body: {
      id: robot.id,
      name: formatRobotName(prefix, robot),
      secret,
      creation_time: robot.createdAt.toISOString(),
      expires_at: expiryOf(robot),
    },
  }
}
