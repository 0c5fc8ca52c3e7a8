/** Pictures of the documentation: the tests of the editor make them when they are asked to (EMS_PICTURES=1). */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../house-rules.ts';

/** @param name of the file in docs/, without its ending */
export const takePicture = async (page: Page, name: string): Promise<void> => {
  if (process.env.EMS_PICTURES) await page.screenshot({ path: join(root, 'docs', `${name}.png`) });
};
