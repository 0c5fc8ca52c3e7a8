/** Register blocks made ready for decoding. Devices with the same profile share the blocks of the plan that all begin with. */
import { compileDecodeTable, type DecodeTable, type TablePoint } from '../codec/decode-table.ts';
import type { LearntRange } from '../device/learnt-ranges.ts';
import type { PointIndex, ProfileLayout } from '../device/profile-layout.ts';
import { companionOf, isTextPoint, type Point, type PollGroup } from '../profiles/point.ts';
import { planReads, type RegisterBlock } from './read-plan.ts';

/** A register block with everything that is needed to decode its response. */
export interface CompiledBlock extends RegisterBlock {
  decodeTable: DecodeTable;
  /** Points of text in the block. */
  texts: Point[];
  /** Channels whose values it holds. */
  channels: number[];
}

/** The blocks of each group of points, in the order of the tables and addresses. */
type BlockPlan = Readonly<Record<PollGroup, readonly CompiledBlock[]>>;

/** Compiles the numbers of a block. */
export const compileTable = ({ points, address }: RegisterBlock, { indexOf }: PointIndex): DecodeTable => {
  const placed = points.map((point): TablePoint => {
    const companion = companionOf(point.source);
    const companionIndex = companion === undefined ? undefined : indexOf.get(companion);
    return { point, index: indexOf.get(point.name) ?? 0, ...(companionIndex === undefined ? {} : { companionIndex }) };
  });
  return compileDecodeTable(placed, address);
};

/** Makes a block ready for decoding. */
export const compileBlock = (block: RegisterBlock, layout: ProfileLayout): CompiledBlock => ({
  ...block,
  decodeTable: compileTable(block, layout),
  texts: block.points.filter(isTextPoint),
  channels: block.points.map((point) => layout.channelOf.get(point)).filter((channel) => channel !== undefined),
});

const compilePlan = (
  layout: ProfileLayout,
  learnt: readonly LearntRange[],
  isAbsent: (name: string) => boolean,
): BlockPlan => {
  const planned = (group: PollGroup): CompiledBlock[] =>
    planReads(
      layout.points.filter((point) => point.group === group && !isAbsent(point.name)),
      layout.resolved.profile,
      learnt,
    ).map((block) => compileBlock(block, layout));
  return { fast: planned('fast'), slow: planned('slow'), once: planned('once') };
};

/** Plans by layout, and by what a device refuses. */
const plans = new WeakMap<ProfileLayout, Map<string, BlockPlan>>();
/** Devices of one family refuse few different sets of points. */
const maxPlansOfLayout = 100;

/**
 * Plans the blocks of a device.
 * @param learnt ranges that proved unreadable
 * @param absent names of the points that the device refuses; undefined: none
 * @returns the same plan for all devices of a profile that refuse the same
 */
export const planBlocks = (
  layout: ProfileLayout,
  learnt: readonly LearntRange[],
  absent: { names(): string[]; has(name: string): boolean } | undefined,
): BlockPlan => {
  const ofLayout = plans.get(layout) ?? new Map<string, BlockPlan>();
  plans.set(layout, ofLayout);
  const key = JSON.stringify([learnt, absent?.names() ?? []]);
  const known = ofLayout.get(key);
  if (known) return known;
  if (ofLayout.size >= maxPlansOfLayout) ofLayout.clear();
  const plan = compilePlan(layout, learnt, (name) => absent?.has(name) === true);
  ofLayout.set(key, plan);
  return plan;
};
