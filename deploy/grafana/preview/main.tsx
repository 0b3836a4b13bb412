// Draws a dashboard with Grafana's own components: what it would look like, without its server.
// ?board=overview&from=<seconds>&to=<seconds>. A state timeline is not part of @grafana/ui: its
// bars are drawn here, with the colours and words that the panel says.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { ThemeContext, createTheme } from '@grafana/data';
import { GlobalStyles } from '@grafana/ui';
import { Panel } from './panel';
import { fill } from './query';

const CELL = { w: 60, h: 38, gap: 8 };
const theme = createTheme({ colors: { mode: 'dark' } });
const asked = new URLSearchParams(location.search);
const range = { from: Number(asked.get('from')), to: Number(asked.get('to')) };

function Board({ board }: any) {
  const bottom = Math.max(...board.panels.map((p: any) => p.gridPos.y + p.gridPos.h));
  return (
    <div style={{ width: 24 * CELL.w, padding: 12 }}>
      <h1 style={{ font: '500 20px Inter, sans-serif', margin: '4px 0 8px' }}>{board.title}</h1>
      <div style={{ color: '#9a9ba8', marginBottom: 4 }}>{board.description}</div>
      <Choices board={board} />
      <div style={{ position: 'relative', height: bottom * CELL.h }}>
        {board.panels.map((p: any) => (
          <Placed key={p.id} panel={p} board={board} />
        ))}
      </div>
    </div>
  );
}

function Choices({ board }: any) {
  const shown = board.templating.list.filter((v: any) => v.type !== 'textbox');
  return (
    <div style={{ display: 'flex', gap: 8, margin: '8px 0' }}>
      {shown.map((v: any) => (
        <span key={v.name} style={{ border: '1px solid #34363f', padding: '3px 8px' }}>
          <span style={{ color: '#6e9fff' }}>{v.label}</span>{' '}
          {v.type === 'datasource' ? 'Prometheus' : v.includeAll ? 'All' : fill(`$${v.name}`, board, range)}
        </span>
      ))}
    </div>
  );
}

function Placed({ panel, board }: any) {
  const g = panel.gridPos;
  const place = { position: 'absolute' as const, left: g.x * CELL.w, top: g.y * CELL.h };
  if (panel.type === 'row') {
    return <div style={{ ...place, padding: '10px 0', fontWeight: 500 }}>⌄ {panel.title}</div>;
  }
  return (
    <div style={place}>
      <Panel
        panel={panel}
        board={board}
        range={range}
        theme={theme}
        width={g.w * CELL.w - CELL.gap}
        height={g.h * CELL.h - CELL.gap}
      />
    </div>
  );
}

const board = await (await fetch(`/${asked.get('board')}.json`)).json();
createRoot(document.getElementById('root')!).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <Board board={board} />
  </ThemeContext.Provider>
);
