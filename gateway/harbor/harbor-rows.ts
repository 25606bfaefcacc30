import { z } from 'zod'

/**
 * Rows of Harbor's database, 1.6 to 2.7 (its make/migrations/postgresql), as `to_jsonb` writes them. What came with a
 * later version is optional.
 */

/** Harbor's columns have no zone; its containers run in UTC. */
const time = z
  .string()
  .nullish()
  .transform((text) => (text == null ? null : `${text}Z`))
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

export const userRow = z.object({
  user_id: z.int(),
  username: text,
  email: text,
  realname: text,
  comment: text,
  password: text,
  salt: text,
  /** From 1.9.1 on; all before is sha1. */
  password_version: z.string().nullish(),
  deleted: z.boolean(),
  sysadmin_flag: z.boolean(),
  creation_time: time,
})

export const groupRow = z.object({
  id: z.int(),
  group_name: text,
  group_type: z.int().nullish(),
  ldap_group_dn: text,
  creation_time: time,
})

export const projectRow = z.object({
  project_id: z.int(),
  owner_id: z.int(),
  name: z.string(),
  deleted: z.boolean(),
  creation_time: time,
})

export const metadataRow = z.object({
  project_id: z.int(),
  name: z.string(),
  value: text,
  deleted: z.boolean(),
})

/** By their names: the ids of the later ones differed between installations until 2.2. */
export const roleRow = z.object({ role_id: z.int(), name: text })

export const memberRow = z.object({
  id: z.int(),
  project_id: z.int(),
  entity_id: z.int(),
  /** `u` or `g`. */
  entity_type: z.string(),
  role: z.int(),
  creation_time: time,
})

export const robotRow = z.object({
  id: z.int(),
  name: text,
  description: text,
  /** 0 or null: of the system. */
  project_id: z.int().nullish(),
  /** Seconds since 1970; -1: never. */
  expiresat: z.number().nullish(),
  disabled: z.boolean(),
  creation_time: time,
  /** False for robots that Harbor makes for its scanners. */
  visible: z.boolean().default(true),
  /** These from 2.2 on. Before, the secret was a JWT, which nobody kept. */
  secret: text,
  salt: text,
  duration: z.int().nullish(),
})

export const robotPolicyRow = z.object({
  robot_id: z.int(),
  /** `/system`, `/project/<id>` or `/project/*`. */
  scope: text,
  resource: text,
  action: text,
  effect: text,
})

export const labelRow = z.object({
  id: z.int(),
  name: z.string(),
  description: text,
  color: text,
  /** `g` or `p`. */
  scope: z.string(),
  project_id: z.int().nullish(),
  deleted: z.boolean(),
  creation_time: time,
})

export const chartLabelRow = z.object({
  id: z.int(),
  label_id: z.int(),
  /** `project/chart:version`. */
  resource_name: text,
})

export type UserRow = z.output<typeof userRow>
export type GroupRow = z.output<typeof groupRow>
export type ProjectRow = z.output<typeof projectRow>
export type MemberRow = z.output<typeof memberRow>
export type RobotRow = z.output<typeof robotRow>
export type RobotPolicyRow = z.output<typeof robotPolicyRow>
export type LabelRow = z.output<typeof labelRow>
export type ChartLabelRow = z.output<typeof chartLabelRow>
