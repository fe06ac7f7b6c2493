// Checks certificate codes offline (离线查验), by docs/code-format.md alone: Node 20, no packages.
//   node code-check.mjs code-vectors.json   all test vectors; exit status 0 when every one holds, else 1
//   node code-check.mjs CODE keys.json      one code; 0 when genuine by a key not revoked, else 1
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const domain = 'yanzheng/certificate-code/v1:'
const lowerASCII = s => s.replace(/[A-Z]/g, c => c.toLowerCase())

function check (text, keysFile) {
  if (keysFile.domain !== domain) throw new Error('keys.json: not the domain of version 1')
  const ours = text => lowerASCII(text.slice(0, keysFile.prefix.length)) === lowerASCII(keysFile.prefix)
  if (Buffer.byteLength(text) > 2048) return { outcome: ours(text) ? 'unreadable' : 'not_ours' }
  text = text.replace(/^\p{White_Space}+/u, '').replace(/\p{White_Space}+$/u, '')
  let digits = text
  if (ours(text)) {
    digits = text.slice(keysFile.prefix.length).split(/[?#]/)[0]
  } else if (!/^\p{Nd}+$/u.test(text)) return { outcome: 'not_ours' }
  if (!/^[0-9]{184}$/.test(digits)) return { outcome: 'unreadable' }
  const number = BigInt(digits)
  if (number >= 1n << 608n) return { outcome: 'unreadable' }
  const bytes = Buffer.from(number.toString(16).padStart(152, '0'), 'hex')
  const version = bytes[0] >> 5
  const key = keysFile.keys.find(k => k.number === (bytes[0] & 31) && k.algorithm === 'Ed25519')
  if (version !== 1 || !key) return { outcome: 'unknown_key' }
  const message = Buffer.concat([Buffer.from(domain), bytes.subarray(0, 12)])
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.public_key }, format: 'jwk' })
  if (!verify(null, message, publicKey, bytes.subarray(12))) return { outcome: 'forged' }
  return {
    outcome: 'genuine',
    id: bytes.toString('hex', 1, 9),
    use_until: new Date(Date.UTC(2020, 0, 1 + bytes.readUInt16BE(9))).toISOString().slice(0, 10),
    kind: bytes[11],
    key_number: key.number,
    key_revoked: key.revoked
  }
}

function main (first, keysPath) {
  if (!first) throw new Error('usage: code-check.mjs VECTORS.json | CODE KEYS.json')
  const read = path => JSON.parse(readFileSync(path, 'utf8'))
  if (keysPath) {
    const answer = check(first, read(keysPath))
    console.log(JSON.stringify(answer))
    console.log('Whether it was withdrawn, changed or revoked since needs a network. 是否已作废、变更、撤销须联网查验。')
    return answer.outcome === 'genuine' && !answer.key_revoked ? 0 : 1
  }
  const { keys_json: keys, vectors } = read(first)
  const wrong = vectors.filter(({ name, text, ...want }) => JSON.stringify(check(text, keys)) !== JSON.stringify(want))
  wrong.forEach(v => console.log(`${v.name}: ${JSON.stringify(check(v.text, keys))}`))
  console.log(`${vectors.length} vectors, ${wrong.length} differ`)
  return wrong.length || !vectors.length ? 1 : 0
}

try { process.exitCode = main(...process.argv.slice(2)) } catch (e) { console.error(e.message); process.exitCode = 2 }
