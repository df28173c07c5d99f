/** The parts of ECharts that are used; loaded with the first chart. */

import { BarChart, CustomChart, LineChart, PieChart, ScatterChart, TreemapChart }
  from 'echarts/charts';
import { AriaComponent, GridComponent, MarkLineComponent, MarkPointComponent, TooltipComponent }
  from 'echarts/components';
import { connect, init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([
  AriaComponent, BarChart, CanvasRenderer, CustomChart, GridComponent, LineChart,
  MarkLineComponent, MarkPointComponent, PieChart, ScatterChart, TooltipComponent, TreemapChart,
]);

export { connect, init };
export type { EChartsType };
