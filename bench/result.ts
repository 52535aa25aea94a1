// What every bench hands back: figures for machines, one sentence for people, and whether the figures may be believed.

export type Result = {
  /** A figure's name carries its unit. */
  figures: Record<string, unknown>;
  sentence: string;
  /** Why these figures count for nothing: somebody was refused, a reply was forged … */
  invalid?: string;
};
export type Bench = () => Promise<Result>;

export const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
export const ratio = (ours: number, theirs: number) => Math.round((ours / theirs) * 100) / 100;
