import { ActionIcon, AppShell, Burger, Group, NavLink, Text, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChartBar, IconMoon, IconPackage, IconRobot, IconSearch, IconSparkles, IconSun, IconUser } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { apiAddress, basePath } from "../api/address";
import { ConnectionAlert } from "./ConnectionAlert";
import { PanelBoundary } from "./Panel";

const NAVIGATION = [
  { to: "/", name: "Overview", icon: IconChartBar },
  { to: "/customers", name: "Customers", icon: IconUser },
  { to: "/visitor", name: "New visitor", icon: IconSparkles },
  { to: "/products", name: "Products", icon: IconPackage },
  { to: "/search", name: "Search", icon: IconSearch },
  { to: "/models", name: "Models", icon: IconRobot },
];

/** The frame of every page: header, navigation, and an alert if the server cannot be used. */
export function Layout() {
  const [opened, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const firstPage = useRef(true);
  useEffect(() => {
    close();
    if (firstPage.current) firstPage.current = false;
    else main.current?.focus({ preventScroll: true }); // so that a screen reader starts at the new page
    window.scrollTo(0, 0);
  }, [pathname, close]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !opened } }} padding={{ base: "sm", sm: "lg" }}>
      <a href="#main" className="skip">
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={opened ? "Close the menu" : "Open the menu"} aria-expanded={opened} />
            <Link to="/" className="brand">
              <img src={`${basePath}/favicon.svg`} alt="" width={26} height={26} />
              <Text fw={700} component="span">
                Customer360
              </Text>
            </Link>
          </Group>
          <ColourSchemeToggle />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {NAVIGATION.map(({ to, name, icon: Icon }) => {
          const current = to === "/" ? pathname === "/" : pathname.startsWith(to);
          return <NavLink key={to} component={Link} to={to} label={name} active={current} aria-current={current ? "page" : undefined} leftSection={<Icon size={18} aria-hidden />} />;
        })}
        <Link to="/glossary" className="quiet" style={{ marginTop: "auto" }}>
          Glossary
        </Link>
        <a href={`${apiAddress}/docs`} className="quiet">
          API documentation
        </a>
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <div className="measure">
          <ConnectionAlert />
          <PanelBoundary height={320} key={pathname}>
            <Outlet />
          </PanelBoundary>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function ColourSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = scheme === "light" ? "dark" : "light";
  return (
    <ActionIcon variant="default" size="lg" aria-label={`Switch to ${other} mode`} onClick={() => setColorScheme(other)}>
      {scheme === "light" ? <IconMoon size={18} aria-hidden /> : <IconSun size={18} aria-hidden />}
    </ActionIcon>
  );
}
