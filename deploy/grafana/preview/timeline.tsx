// Bars of states over time. Not Grafana's component: that one is not part of @grafana/ui.
import React from 'react';

const NAMES = 330;
const PAGE = 20; // as the panels say: Grafana shows the rest on further pages

export function Timeline({ frames: all, range, w, h, mappings, theme }: any) {
  const frames = all.slice(0, PAGE);
  const words = mappings[0].options;
  const row = Math.min(24, (h - 40) / frames.length);
  const scale = (w - NAMES) / (range.to - range.from);
  return (
    <svg width={w} height={h} style={{ font: '12px Inter, sans-serif' }}>
      {frames.map((frame: any, place: number) => (
        <g key={place} transform={`translate(0,${place * row})`}>
          <text x={NAMES - 8} y={row * 0.68} textAnchor="end" fill="#ccccdc" fontSize={Math.min(12, row)}>
            {frame.name.length > 48 ? `${frame.name.slice(0, 47)}…` : frame.name}
          </text>
          {runs(frame).map(({ from, to, code }: any) => (
            <rect
              key={from}
              x={NAMES + (from / 1000 - range.from) * scale}
              width={Math.max(1, ((to - from) / 1000) * scale)}
              height={row * 0.85}
              fill={theme.visualization.getColorByName(words[code]?.color ?? 'text')}
            />
          ))}
        </g>
      ))}
      {Object.values(words).map((each: any, place) => (
        <g key={each.text} transform={`translate(${NAMES + place * 120},${h - 22})`}>
          <rect width={12} height={12} fill={theme.visualization.getColorByName(each.color)} />
          <text x={18} y={11} fill="#ccccdc">
            {each.text}
          </text>
        </g>
      ))}
      {all.length > PAGE && (
        <text x={w - 8} y={h - 11} textAnchor="end" fill="#9a9ba8">
          1 of {Math.ceil(all.length / PAGE)} pages
        </text>
      )}
    </svg>
  );
}

function runs(frame: any) {
  const [times, codes] = [frame.fields[0].values, frame.fields[1].values];
  const found: any[] = [];
  times.forEach((time: number, i: number) => {
    const last = found[found.length - 1];
    const step = times[1] - times[0];
    if (last && last.code === codes[i] && time - last.to <= step) {
      last.to = time + step;
    } else {
      found.push({ from: time, to: time + step, code: codes[i] });
    }
  });
  return found;
}
