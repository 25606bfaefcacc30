/** So many changes are kept for stores that were away for a moment; who misses more compares storage. */
const KEPT_CHANGES = 10_000

/**
 * One change in one step: the entry, the revision and the stream never tell different things.
 * KEYS: index, feed, changes. ARGV: project, file name (empty: the whole project), entry (empty: gone), origin, new epoch,
 * whether storage has to be asked (empty: no), its files as JSON.
 */
export const ANNOUNCE = `
if ARGV[2] ~= '' then
  if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[2])
  else redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end
end
redis.call('HSETNX', KEYS[2], 'epoch', ARGV[5])
local revision = redis.call('HINCRBY', KEYS[2], 'revision', 1)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ${KEPT_CHANGES}, '*',
  'epoch', redis.call('HGET', KEYS[2], 'epoch'), 'revision', revision,
  'project', ARGV[1], 'file', ARGV[2], 'entry', ARGV[3], 'origin', ARGV[4],
  'ask', ARGV[6], 'files', ARGV[7])
return revision
`

/** KEYS: index. ARGV: file name, what it was, what it is to be; and so on. Fields that say something else stay. */
export const CORRECT = `
for i = 1, #ARGV, 3 do
  local field, from, to = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if (redis.call('HGET', KEYS[1], field) or '') == from then
    if to == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, to) end
  end
end
return 1
`

/** KEYS: claim. ARGV: token, ms. */
export const RENEW_CLAIM = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`

/** KEYS: claim. ARGV: token. */
export const RELEASE_CLAIM = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`
