// What can be said of notebooks without running them, and of runs of them.
// @ts-check
// check_notebooks.mjs types FOLDER             type-checks their cells, put together into FOLDER, against dist/
// check_notebooks.mjs compare FOLDER [--update] compares what runs of them show (in FOLDER) with what notebooks/ keeps
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = join(root, 'notebooks');
const names = readdirSync(kept).filter((name) => name.endsWith('.ipynb')).sort();

/** @param {string} folder @param {string} name @returns {any} */
const read = (folder, name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
/** @param {string | string[]} text */
const joined = (text) => [text].flat().join('');

/** @param {string} folder below the project, so that "fabula" is found */
function checkTypes(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(kept).filter((name) => name.endsWith('.ts'))) cpSync(join(kept, file), join(folder, file));
  for (const name of names) {
    const code = read(kept, name).cells.filter((/** @type {any} */ cell) => cell.cell_type === 'code').map((/** @type {any} */ cell) => joined(cell.source));
    writeFileSync(join(folder, name.replace('.ipynb', '.ts')), `${code.join('\n')}\n`);
  }
  // All of Deno that the notebooks use, beside what Node has too.
  writeFileSync(join(folder, 'deno.d.ts'), 'declare const Deno: { readonly jupyter: { display(shown: Readonly<Record<string, string>>, options: { raw: true; display_id?: string; update?: boolean }): Promise<void> } };\n');
  const compilerOptions = {
    target: 'es2023', lib: ['es2023', 'dom'], module: 'nodenext', moduleResolution: 'nodenext', strict: true, noEmit: true, skipLibCheck: true,
    noUnusedLocals: true, allowImportingTsExtensions: true, verbatimModuleSyntax: true, types: ['node'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  console.log(`notebooks: the cells of ${names.length} notebooks are of sound type`);
}

/**
 * What an output says, in a form that can be compared: drawn photos are left out, whose bytes depend on the version of
 * the image library; of what a trained model says only the kind is kept, since its numbers depend on the processor.
 * @param {any} output @param {boolean} trained
 */
function said(output, trained) {
  if (output.output_type === 'stream') return { stream: output.name, text: trained ? '' : joined(output.text) };
  return Object.fromEntries(Object.entries(output.data).sort().map(([kind, text]) => [kind, trained ? '' : joined(text).replaceAll(/base64,[^"]*/g, 'base64,')]));
}

/** @param {string} folder @param {boolean} update */
function compare(folder, update) {
  let differences = 0;
  for (const name of names) {
    const [before, now] = [read(kept, name), read(folder, name)];
    delete now.metadata.language_info.version;
    if (update) {
      writeFileSync(join(kept, name), `${JSON.stringify(now, null, 1)}\n`);
      continue;
    }
    now.cells.forEach((/** @type {any} */ cell, /** @type {number} */ i) => {
      if (cell.cell_type !== 'code') return;
      const trained = (cell.metadata.tags ?? []).includes('trained');
      const [expected, found] = [before.cells[i].outputs, cell.outputs].map((outputs) => JSON.stringify(outputs.map((/** @type {any} */ output) => said(output, trained)), null, 1));
      if (expected === found) return;
      differences++;
      console.error(`${name}: cell ${i + 1} shows something else than the notebook keeps:\n${found}\nkept:\n${expected}`);
    });
  }
  if (differences > 0) {
    console.error(`${differences} cells differ; where that is right, keep the new outputs with .ci/notebooks.sh --update`);
    process.exit(1);
  }
  console.log(update ? `notebooks: outputs of ${names.length} notebooks replaced` : `notebooks: ${names.length} show what is kept`);
}

const [mode, folder = '', option] = process.argv.slice(2);
if (mode === 'types') checkTypes(folder);
else if (mode === 'compare') compare(folder, option === '--update');
else throw new Error('types or compare');
