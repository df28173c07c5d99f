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

function rate(input) {
  for (let i = 0; i < 20000; i++) makeBadge(input)
  const started = process.hrtime.bigint()
  let drawn = 0
  let nanoseconds = 0
  while (nanoseconds < seconds * 1e9) {
    for (let i = 0; i < 500; i++) makeBadge(input)
    drawn += 500
    nanoseconds = Number(process.hrtime.bigint() - started)
  }
  return Math.round(drawn / (nanoseconds / 1e9))
}

if (seconds === undefined) {
  for (const input of inputs) console.log(JSON.stringify(answer(input)))
} else {
  console.log(JSON.stringify(inputs.map(rate)))
}
