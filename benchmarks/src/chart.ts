/** Bars in SVG, readable on a light and on a dark page. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Written at the bar's end. */
  readonly text: string;
  /** Drawn in the accent colour. */
  readonly accent: boolean;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 820;
const LABEL_WIDTH = 150;
const TEXT_WIDTH = 240;
const BAR_HEIGHT = 16;
const BAR_GAP = 5;
const TITLE_HEIGHT = 26;
const GROUP_GAP = 14;
const MARGIN = 12;
const HEADING_HEIGHT = 30;
const BASELINE_SHIFT = 12;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .heading { font-size: 15px; font-weight: 600; }
  .title { font-weight: 600; }
  .other { fill: #8c959f; }
  .accent { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .other { fill: #6e7681; }
    .accent { fill: #4493f8; }
  }
`;

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function drawBar(bar: Bar, y: number, scale: number): string {
  const width = Math.max(1, bar.value * scale).toFixed(1);
  const textY = y + BASELINE_SHIFT;
  const end = (LABEL_WIDTH + Number(width) + 6).toFixed(1);
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${textY}" text-anchor="end">${escapeXml(bar.label)}</text>`,
    `<rect class="${bar.accent ? "accent" : "other"}" x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<text x="${end}" y="${textY}">${escapeXml(bar.text)}</text>`,
  ].join("\n");
}

/** Each group has a scale of its own: its longest bar is as long as can be. */
export function barChart(heading: string, groups: readonly BarGroup[]): string {
  const parts: string[] = [];
  let y = MARGIN + HEADING_HEIGHT;
  for (const { title, bars } of groups) {
    const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
    const scale = (WIDTH - LABEL_WIDTH - TEXT_WIDTH) / longest;
    parts.push(`<text class="title" x="${MARGIN}" y="${y + BASELINE_SHIFT}">${escapeXml(title)}</text>`);
    y += TITLE_HEIGHT;
    for (const bar of bars) {
      parts.push(drawBar(bar, y, scale));
      y += BAR_HEIGHT + BAR_GAP;
    }
    y += GROUP_GAP;
  }
  const height = y + MARGIN - GROUP_GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(heading)}">`,
    `<style>${STYLE}</style>`,
    `<text class="heading" x="${MARGIN}" y="${MARGIN + BASELINE_SHIFT}">${escapeXml(heading)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
