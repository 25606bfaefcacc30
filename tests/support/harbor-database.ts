import { pbkdf2Sync, randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { connectDatabase } from '../../gateway/db/connect.ts'
import type { Database } from '../../gateway/db/database.ts'
import { createEmptyDatabase, toUrl } from './database.ts'

/** A database as a Harbor has it: the tables that an import reads, with the columns and start data of its version. */
export interface HarborDatabase {
  url: string
  db: Database
  addUser: (user: {
    name: string
    email?: string | null
    password?: string
    version?: 'sha1' | 'sha256'
    isAdmin?: boolean
  }) => Promise<number>
  addProject: (name: string, ownerId: number, metadata: Record<string, string>) => Promise<number>
  addMember: (projectId: number, kind: 'u' | 'g', entityId: number, role: number) => Promise<void>
  addGroup: (name: string, type: number, ldapDn?: string) => Promise<number>
  addLabel: (name: string, projectId?: number) => Promise<number>
  addChartLabel: (labelId: number, resourceName: string) => Promise<void>
  /** Of 2.2 and later. Without a secret it is one of those before, with a JWT. */
  addRobot: (robot: {
    name: string
    projectId?: number
    secret?: string
    days?: number
    permissions?: readonly (readonly [scope: string, permission: string])[]
  }) => Promise<number>
}

/** What both versions have, after make/migrations/postgresql of Harbor. */
const COMMON = `
  create table schema_migrations (version bigint primary key, dirty boolean not null);
  create table properties (id serial primary key, k varchar(64) unique not null, v varchar(1024) not null);
  create table role (role_id serial primary key, role_mask int not null default 0, role_code varchar(20), name varchar(20));
  insert into role (role_code, name) values ('MDRWS', 'projectAdmin'), ('RWS', 'developer'), ('RS', 'guest');
  create table harbor_user (
    user_id serial primary key, username varchar(255) unique, email varchar(255) unique, password varchar(40) not null,
    realname varchar(255) not null, comment varchar(30), deleted boolean not null default false, reset_uuid varchar(40),
    salt varchar(40), sysadmin_flag boolean not null default false, creation_time timestamp default now(),
    update_time timestamp default now()
  );
  insert into harbor_user (username, email, password, realname, comment, deleted, sysadmin_flag) values
    ('admin', 'admin@example.com', '', 'system admin', 'admin user', false, true),
    ('anonymous', 'anonymous@example.com', '', 'anonymous user', 'anonymous user', true, false);
  create table project (
    project_id serial primary key, owner_id int not null references harbor_user, name varchar(255) unique not null,
    creation_time timestamp default now(), update_time timestamp default now(), deleted boolean not null default false
  );
  insert into project (owner_id, name) values (1, 'library');
  create table project_member (
    id serial primary key, project_id int not null, entity_id int not null, entity_type char(1) not null, role int not null,
    creation_time timestamp default now(), update_time timestamp default now(),
    unique (project_id, entity_id, entity_type)
  );
  insert into project_member (project_id, entity_id, role, entity_type) values (1, 1, 1, 'u');
  create table project_metadata (
    id serial primary key, project_id int not null references project, name varchar(255) not null, value varchar(255),
    creation_time timestamp default now(), update_time timestamp default now(), deleted boolean not null default false,
    unique (project_id, name)
  );
  insert into project_metadata (project_id, name, value) values (1, 'public', 'true');
  create table user_group (
    id serial primary key, group_name varchar(255) not null, group_type smallint default 0,
    ldap_group_dn varchar(512) not null, creation_time timestamp default now(), update_time timestamp default now()
  );
  create table harbor_label (
    id serial primary key, name varchar(128) not null, description text, color varchar(16), level char(1) not null,
    scope char(1) not null, project_id int, creation_time timestamp default now(), update_time timestamp default now(),
    deleted boolean not null default false, unique (name, scope, project_id)
  );
  create table harbor_resource_label (
    id serial primary key, label_id int not null, resource_id int, resource_name varchar(256),
    resource_type char(1) not null, creation_time timestamp default now(), update_time timestamp default now(),
    unique (label_id, resource_id, resource_name, resource_type)
  );`

/** What each has besides: 2.7 is what all upgrades up to it have left. */
const UPGRADES = {
  '1.7': 'insert into schema_migrations values (2, false)',
  '2.7': `
    insert into role (role_id, role_code, name) values (4, 'DRWS', 'maintainer'), (5, 'LRS', 'limitedGuest');
    alter table harbor_user add column password_version varchar(16) default 'sha256';
    alter table project add column registry_id int;
    create table oidc_user (
      id serial primary key, user_id int not null references harbor_user, secret varchar(255) not null,
      subiss varchar(255) unique not null, token text, creation_time timestamp default now(),
      update_time timestamp default now()
    );
    create table robot (
      id serial primary key, name varchar(255), description varchar(1024), project_id int, expiresat bigint,
      disabled boolean not null default false, creation_time timestamp default now(),
      update_time timestamp default now(), visible boolean not null default true, secret varchar(2048),
      salt varchar(64), duration int, unique (name, project_id)
    );
    create table permission_policy (
      id serial primary key, scope varchar(255) not null, resource varchar(255), action varchar(255),
      effect varchar(255), creation_time timestamp default now(), unique (scope, resource, action, effect)
    );
    create table role_permission (
      id serial primary key, role_type varchar(255) not null, role_id int not null, permission_policy_id int not null,
      creation_time timestamp default now(), unique (role_type, role_id, permission_policy_id)
    );
    insert into schema_migrations values (100, false)`,
} as const

export async function createHarborDatabase(
  t: TestContext,
  version: keyof typeof UPGRADES,
): Promise<HarborDatabase> {
  const connection = await createEmptyDatabase(t)
  const db = await connectDatabase(connection, pino({ level: 'silent' }))
  t.after(() => db.close())
  await db.query(COMMON)
  await db.query(UPGRADES[version])
  const insert = async (text: string, values: unknown[]): Promise<number> => {
    const { rows } = await db.query<{ id: number }>(text, values)
    return rows[0]?.id ?? 0
  }

  return {
    url: toUrl(connection),
    db,
    addUser: async ({
      name,
      email = `${name}@example.com`,
      password,
      isAdmin = false,
      ...rest
    }) => {
      const algorithm = rest.version ?? (version === '1.7' ? 'sha1' : 'sha256')
      const [salt, hash] = password === undefined ? ['', ''] : hashAsHarbor(password, algorithm)
      const id = await insert(
        `insert into harbor_user (username, email, password, salt, realname, comment, sysadmin_flag)
         values ($1, $2, $3, $4, $1, '', $5) returning user_id as id`,
        [name, email, hash, salt, isAdmin],
      )
      if (version !== '1.7') {
        await db.query('update harbor_user set password_version = $2 where user_id = $1', [
          id,
          algorithm,
        ])
      }
      return id
    },
    addProject: async (name, ownerId, metadata) => {
      const id = await insert(
        'insert into project (name, owner_id) values ($1, $2) returning project_id as id',
        [name, ownerId],
      )
      for (const [key, value] of Object.entries(metadata)) {
        await db.query(
          'insert into project_metadata (project_id, name, value) values ($1, $2, $3)',
          [id, key, value],
        )
      }
      return id
    },
    addMember: async (projectId, kind, entityId, role) => {
      await db.query(
        'insert into project_member (project_id, entity_type, entity_id, role) values ($1, $2, $3, $4)',
        [projectId, kind, entityId, role],
      )
    },
    addGroup: (name, type, ldapDn = '') =>
      insert(
        'insert into user_group (group_name, group_type, ldap_group_dn) values ($1, $2, $3) returning id',
        [name, type, ldapDn],
      ),
    addLabel: (name, projectId) =>
      insert(
        `insert into harbor_label (name, description, color, level, scope, project_id)
         values ($1, '', '#C92100', 'u', $2, $3) returning id`,
        [name, projectId === undefined ? 'g' : 'p', projectId ?? 0],
      ),
    addChartLabel: async (labelId, resourceName) => {
      await db.query(
        `insert into harbor_resource_label (label_id, resource_type, resource_name) values ($1, 'c', $2)`,
        [labelId, resourceName],
      )
    },
    addRobot: async ({ name, projectId = 0, secret, days = -1, permissions = [] }) => {
      const [salt, hash] = secret === undefined ? [null, null] : hashAsHarbor(secret, 'sha256')
      const id = await insert(
        `insert into robot (name, project_id, secret, salt, duration, expiresat)
         values (
           $1, $2, $3, $4, $5,
           case when $5 = -1 then -1 else extract(epoch from now() + make_interval(days => $5)) end
         ) returning id`,
        [name, projectId, hash, salt, days],
      )
      for (const [scope, permission] of permissions) {
        const [resource, action] = permission.split(':')
        await db.query(
          `with policy as (
             insert into permission_policy (scope, resource, action, effect) values ($2, $3, $4, '')
             on conflict (scope, resource, action, effect) do update set scope = excluded.scope
             returning id
           )
           insert into role_permission (role_type, role_id, permission_policy_id)
           select 'robotaccount', $1, id from policy`,
          [id, scope, resource, action],
        )
      }
      return id
    },
  }
}

/** PBKDF2 as Harbor calls it. */
function hashAsHarbor(password: string, digest: 'sha1' | 'sha256'): [salt: string, hash: string] {
  const salt = randomBytes(16).toString('hex')
  return [salt, pbkdf2Sync(password, salt, 4096, 16, digest).toString('hex')]
}
