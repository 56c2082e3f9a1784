/** Colours and sizes: grey and calm, colour only for what needs a person (ISA-101). */
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const slate: MantineColorsTuple = [
  "#f1f3f4",
  "#e2e6e8",
  "#cbd2d6",
  "#aab5bc",
  "#8496a1",
  "#627785",
  "#4a6273",
  "#3d5363",
  "#324552",
  "#263641",
];

export const theme = createTheme({
  colors: { slate },
  primaryColor: "slate",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: "sm",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "DejaVu Sans Mono", Consolas, monospace',
  fontSizes: { xs: "0.76rem", sm: "0.86rem", md: "0.94rem", lg: "1.05rem", xl: "1.2rem" },
  focusRing: "auto",
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "sm" } },
    TextInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", comboboxProps: { shadow: "md" } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300, events: { hover: true, focus: true, touch: true } } },
  },
});
