import { col, fn, Op, where } from 'sequelize';

/** A condition: the column contains this text, case-insensitive. Not LIKE, whose wildcards and escapes differ by dialect. */
export function contains(column: string, text: string) {
  return where(fn('instr', fn('lower', col(column)), fn('lower', text)), Op.gt, 0);
}
