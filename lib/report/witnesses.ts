/** The proofs of a probe's report: each violation in words, with the snapshots around it. */
import type { Violation } from "../probe/verdict.ts";
import { chainAround, type ChainItem, type ChainNode } from "./chain.ts";
import { countOf, formatCount } from "./format.ts";
import { type Content, html, type Markup } from "./html.ts";
import { answerText, type RunHistory, writerName } from "./probe_history.ts";
import { byKind, KIND_WORDS, WORKLOAD_WORDS } from "./probe_words.ts";

/** Proofs of one kind that are drawn; the others are counted, and stand in the page's data. */
const SHOWN_OF_A_KIND_MAX = 12;

/** Operations of a proof that are listed. */
const OPERATIONS_MAX = 12;

/** The section of proofs, or nothing when there is nothing to prove. */
export function witnessSection(
  violations: readonly Violation[],
  runs: ReadonlyMap<number, RunHistory>,
): Content {
  if (violations.length === 0) return undefined;
  return html`<section id="violations"><h2>What is wrong, and the proof</h2>
<p>The fewest operations and snapshots that show it.</p>
${
    byKind(violations).map(([kind, group]) => [
      group.slice(0, SHOWN_OF_A_KIND_MAX).map((violation, index) =>
        witness(violation, { id: `${kind}-${index + 1}`, run: runs.get(violation.run) })
      ),
      group.length > SHOWN_OF_A_KIND_MAX &&
      html`
        <p
          class="witness quiet">${formatCount(
            group.length - SHOWN_OF_A_KIND_MAX,
          )} more of this kind (${KIND_WORDS[kind]
            .toLowerCase()}) stand in the data of this page.</p>
      `,
    ])
  }</section>`;
}

function witness(
  violation: Violation,
  of: { readonly id: string; readonly run: RunHistory | undefined },
): Markup {
  const { run } = of;
  const where = run === undefined
    ? `Run ${violation.run}`
    : `${WORKLOAD_WORDS[run.record.workload][0]}, ${countOf(run.record.writers, "writer")}`;
  const chain = run === undefined ? [] : chainAround(violation, run);
  return html`<article class="witness" id="${of.id}"><h3>${KIND_WORDS[violation.kind]}</h3>
<p class="where">${where}, table <code>${violation.table}</code></p>
<p>${violation.words}</p>
${chain.length > 0 && chainList(chain)}
${run !== undefined && operationsTable(violation, run)}</article>`;
}

function chainList(chain: readonly ChainItem[]): Markup {
  return html`<ol class="chain" aria-label="Snapshots, oldest first">${
    chain.map((item) =>
      "omitted" in item
        ? html`
          <li class="gap">
            <p class="what">${countOf(item.omitted, "snapshot")} not shown</p>
          </li>
        `
        : nodeItem(item)
    )
  }</ol>`;
}

function nodeItem(node: ChainNode): Markup {
  const isBad = node.isWitness && isWrong(node);
  const classes = [
    ...(node.isOnMain ? [] : ["side"]),
    ...(node.isPresent ? [] : ["missing"]),
    isBad ? "m-lost" : node.isWitness ? "m-ok" : "m-refused",
  ].join(" ");
  const branch = !node.isOnMain && html`<span class="branch" aria-hidden="true"></span>`;
  const cross = !node.isPresent && html`
    <path d="M5.5 5.5l5 5M10.5 5.5l-5 5" />
  `;
  const answer = node.answer === "" ? "" : `, ${node.answer}`;
  const words = stateWords(node);
  const state = words !== "" && html`<span class="${isBad ? "bad" : "quiet"}">– ${words}</span>`;
  const parent = node.isOnMain || node.parentId === null ? "" : `, parent ${node.parentId}`;
  const sequence = node.sequenceNumber === undefined ? "" : `, sequence ${node.sequenceNumber}`;
  return html`<li class="${classes}">${branch}
<svg class="node" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6"/>${cross}</svg>
<p><span class="who">${node.who}</span>${answer} ${state}</p>
<p class="what"><code>${node.snapshotId}</code>${sequence}${parent}</p></li>`;
}

/** Acknowledged and missing, refused and there, or there beside the branch. */
function isWrong(node: ChainNode): boolean {
  if (!node.isPresent) return node.isAcknowledged;
  return !node.isOnMain || node.isRefused;
}

function stateWords(node: ChainNode): string {
  if (!node.isPresent) {
    return node.isAcknowledged ? "acknowledged, missing in the table" : "not in the table";
  }
  if (!node.isOnMain) return "in the table, not on the branch";
  if (node.isRefused) return "refused, and in the table";
  return node.isHead ? "head of the branch" : "";
}

function operationsTable(violation: Violation, run: RunHistory): Content {
  const byOp = new Map(run.operations.map((operation) => [operation.invoke.op, operation]));
  const rows = violation.ops.slice(0, OPERATIONS_MAX).flatMap((op) => {
    const operation = byOp.get(op);
    if (operation === undefined) return [];
    const { invoke, complete } = operation;
    const elapsedMs = complete === undefined
      ? "–"
      : ((complete.time_us - invoke.time_us) / 1000).toFixed(1);
    return [html`
      <tr>
        <th scope="row">${op}</th>
        <td class="text">${writerName(invoke.writer)}</td>
        <td>${invoke.round === undefined ? "–" : invoke.round}</td>
        <td>${complete?.status ?? "none"}</td>
        <td>${elapsedMs}</td>
        <td class="words">${answerText(complete)}</td>
      </tr>
    `];
  });
  if (rows.length === 0) return undefined;
  const more = violation.ops.length - OPERATIONS_MAX;
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Operations of the proof">
      <table>
        <thead>
          <tr>
            <th scope="col">Op</th>
            <th scope="col" class="text">Writer</th>
            <th scope="col">Round</th>
            <th scope="col">Status</th>
            <th scope="col">ms</th>
            <th scope="col" class="text">Answer</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>${more > 0 && html`<p class="quiet">and ${countOf(more, "operation")} more</p>`}
  `;
}
