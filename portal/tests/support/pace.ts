/** How busy the machine is, so that budgets of time mean the same on a quiet and a busy one. */

/** Milliseconds of work that are measured. */
const WORK = 150;

/** How much longer work takes than it would alone: 1 on a quiet machine. */
export function contention(): number {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let spent = 0;
  while (spent < WORK) {
    const { user, system } = process.cpuUsage(cpu);
    spent = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - start) / spent);
}
