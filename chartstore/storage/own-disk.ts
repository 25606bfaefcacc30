import { statfs } from 'node:fs/promises'

/**
 * File systems on disks of this machine, by their number (statfs(2)). They answer for a file in use from memory, in some
 * 3 µs, of which a thread of libuv's pool would make 40. Another machine's (NFS, FUSE) may not answer at all, and all
 * projects would wait for it.
 */
const OWN_DISKS = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0x01021994, // tmpfs
  0x794c7630, // overlay
])

/** Whether files there may be looked at while everything else waits. */
export async function isOnOwnDisk(path: string): Promise<boolean> {
  const { type } = await statfs(path)
  return OWN_DISKS.has(type)
}
