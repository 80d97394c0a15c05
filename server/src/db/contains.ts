import { col, fn, Op, where } from 'sequelize';

/** Whether a column has this text in it, in any case. Not LIKE, whose wildcards and escapes differ between dialects. */
export function contains(column: string, text: string) {
  return where(fn('instr', fn('lower', col(column)), fn('lower', text)), Op.gt, 0);
}
