// Mantine drawn with the tokens: it gets no colour, size or distance of its own.
import { Button, createTheme } from "@mantine/core";
import type { CSSVariablesResolver, MantineColorsTuple } from "@mantine/core";

const shade = (index: number) => `var(--accent-${index})`;
const accent: MantineColorsTuple = [
  shade(0),
  shade(1),
  shade(2),
  shade(3),
  shade(4),
  shade(5),
  shade(6),
  shade(7),
  shade(8),
  shade(9),
];

export const theme = createTheme({
  colors: { accent },
  primaryColor: "accent",
  primaryShade: { light: 8, dark: 3 },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-code)",
  headings: { fontFamily: "var(--font)" },
  defaultRadius: "var(--radius)",
  respectReducedMotion: true,
  spacing: {
    xs: "var(--space-1)",
    sm: "var(--space-1)",
    md: "var(--space-2)",
    lg: "var(--space-3)",
    xl: "var(--space-4)",
  },
  components: {
    Button: Button.extend({
      defaultProps: { mih: "var(--target)", h: "auto", py: "xs" },
      // in a narrow window a long label takes two lines; what hangs below a line must not be cut off
      styles: { label: { whiteSpace: "normal", lineHeight: 1.4 } },
      // on a light accent white cannot be read
      vars: (_theme, { variant = "filled" }) => ({
        root: variant === "filled" ? { "--button-color": "var(--on-accent)" } : {},
      }),
    }),
  },
});

const variables = {
  "--mantine-color-body": "var(--ground)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-soft)",
  "--mantine-color-default": "var(--ground)",
  "--mantine-color-default-hover": "var(--surface)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line)",
  "--mantine-color-error": "var(--danger)",
  "--mantine-primary-color-contrast": "var(--on-accent)",
};

/** In both schemes, since Mantine sets its own per scheme and would win over common ones. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: variables,
  dark: variables,
});
