// Draws badges with badge-maker: `draw.js FILE` answers each line of FILE, a JSON object, by a line.
// `draw.js FILE SECONDS` measures instead: the badges per second of each line, as a JSON array.
import { readFileSync } from 'node:fs'
import { makeBadge } from 'badge-maker'

const [file, seconds] = process.argv.slice(2)
const inputs = readFileSync(file, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line))

function answer(input) {
  try {
    return { svg: makeBadge(input) }
  } catch (error) {
    return { error: error.message }
  }
}

// By the median batch of 20: what else the machine does meanwhile, and the garbage collector, do not
// count.
function rate(input) {
  for (let i = 0; i < 20000; i++) makeBadge(input)
  const times = []
  const end = process.hrtime.bigint() + BigInt(seconds * 1e9)
  for (let started = process.hrtime.bigint(); started < end; ) {
    for (let i = 0; i < 20; i++) makeBadge(input)
    const ended = process.hrtime.bigint()
    times.push(Number(ended - started))
    started = ended
  }
  times.sort((a, b) => a - b)
  return Math.round(20e9 / times[times.length >> 1])
}

if (seconds === undefined) {
  for (const input of inputs) console.log(JSON.stringify(answer(input)))
} else {
  console.log(JSON.stringify(inputs.map(rate)))
}
