import { ActionIcon, Button, Menu, Popover, Tooltip, createTheme } from "@mantine/core";

// What Mantine takes as properties; colours and sizes are in tokens.css.
export const theme = createTheme({
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "xs", variant: "filled" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", size: 28 } }),
    Menu: Menu.extend({ defaultProps: { transitionProps: { duration: 0 }, shadow: "md", position: "bottom-end" } }),
    Popover: Popover.extend({ defaultProps: { transitionProps: { duration: 0 }, shadow: "md" } }),
    Tooltip: Tooltip.extend({ defaultProps: { transitionProps: { duration: 0 }, openDelay: 400 } }),
  },
});
