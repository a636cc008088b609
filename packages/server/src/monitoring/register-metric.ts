import { Counter, Gauge, type Registry } from 'prom-client';

/** A total that is kept elsewhere and asked for when the metrics are read. */
export function registerTotal(registers: Registry[], name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

/** A level that is asked for when the metrics are read. */
export function registerGauge(
  registers: Registry[],
  name: string,
  help: string,
  read: () => number | Promise<number>,
): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(await read());
    },
  });
}
