#!/usr/bin/env node
/** The command ems-profile FILE...: tells every mistake in profiles, and ends with exit code 1 if there is one. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inspectProfile } from './profiles/checker.ts';

const check = (file: string): boolean => {
  const { profile, mistakes, hints } = inspectProfile(readFileSync(file, 'utf8'), basename(file, '.json'));
  for (const mistake of mistakes) console.error(`${file}: ${mistake}`);
  for (const hint of hints) console.warn(`${file}: hint: ${hint}`);
  if (profile && mistakes.length === 0)
    console.log(`${file}: ${profile.title}, ${profile.points.length} points, no mistake`);
  return mistakes.length === 0;
};

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('ems-profile FILE...   tells every mistake in device profiles');
  process.exitCode = 2;
} else if (!files.map(check).every(Boolean)) process.exitCode = 1;
