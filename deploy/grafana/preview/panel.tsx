// One panel: its frame, and what is in it by its type.
import React from 'react';
import { DataFrame, dateTime } from '@grafana/data';
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  PanelChrome,
  Table,
  TimeSeries,
} from '@grafana/ui';
import { load } from './query';
import { Timeline } from './timeline';

export function Panel({ panel, board, range, theme, width, height }: any) {
  const [frames, set] = React.useState<DataFrame[] | string>();
  React.useEffect(() => {
    load(panel, board, range, theme).then(set).catch((e) => set(String(e)));
  }, []);
  return (
    <PanelChrome title={panel.title} description={panel.description} width={width} height={height}>
      {(w: number, h: number) => {
        if (frames === undefined) {
          return <div className="loading" />;
        }
        if (typeof frames === 'string') {
          return <pre className="failed">{frames}</pre>;
        }
        if (!frames.length || !frames[0].length) {
          return <Empty height={h} />;
        }
        return <Drawn panel={panel} frames={frames} range={range} theme={theme} w={w} h={h} />;
      }}
    </PanelChrome>
  );
}

function Empty({ height }: any) {
  const style = { height, display: 'grid', placeItems: 'center', color: '#9a9ba8' };
  return <div style={style}>No data</div>;
}

function Drawn({ panel, frames, range, theme, w, h }: any) {
  switch (panel.type) {
    case 'stat': {
      const field = frames[0].fields[1];
      const value = field.display(field.values[field.values.length - 1]);
      return (
        <BigValue
          width={w}
          height={h}
          theme={theme}
          value={value}
          colorMode={BigValueColorMode.Value}
          graphMode={BigValueGraphMode.None}
          justifyMode={BigValueJustifyMode.Auto}
        />
      );
    }
    case 'table':
      return (
        <Table data={frames[0]} width={w} height={h} initialSortBy={panel.options.sortBy} cellHeight={'sm' as any} />
      );
    case 'state-timeline':
      return <Timeline frames={frames} range={range} w={w} h={h} mappings={panel.fieldConfig.defaults.mappings} theme={theme} />;
    default: {
      const [from, to] = [dateTime(range.from * 1000), dateTime(range.to * 1000)];
      return (
        <TimeSeries
          frames={frames}
          width={w}
          height={h}
          timeRange={{ from, to, raw: { from, to } }}
          timeZone="utc"
          legend={panel.options.legend}
        />
      );
    }
  }
}
