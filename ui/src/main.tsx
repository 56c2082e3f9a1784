/** Where the UI starts. */
import "@mantine/core/styles.css";
import "./app/page.css";
import "./app/parts.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { router } from "./app/router";
import { theme } from "./app/theme";
import { LanguageProvider } from "./i18n";

// `/setup?token=…` is `/#/setup?token=…`: the server prints either.
if (window.location.pathname.endsWith("/setup")) {
  const root = window.location.pathname.slice(0, -"setup".length);
  window.history.replaceState(null, "", `${root}#/setup${window.location.search}`);
}

const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <LanguageProvider>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </LanguageProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
