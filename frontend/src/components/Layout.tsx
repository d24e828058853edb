import { ActionIcon, Alert, AppShell, Burger, Group, NavLink, Text, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChartBar, IconMoon, IconPackage, IconRobot, IconSearch, IconSparkles, IconSun, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { Failure } from "../api/client";
import { whoami } from "../api/queries";
import { KeyButton } from "./KeyButton";
import { Guarded } from "./Panel";

const PLACES = [
  { to: "/", name: "Overview", icon: IconChartBar },
  { to: "/customers", name: "Customers", icon: IconUser },
  { to: "/visitor", name: "New visitor", icon: IconSparkles },
  { to: "/products", name: "Products", icon: IconPackage },
  { to: "/search", name: "Search", icon: IconSearch },
  { to: "/models", name: "Models", icon: IconRobot },
];

/** The frame of all pages: where one is, where one can go, and whether the server answers. */
export function Layout() {
  const [open, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    close();
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true }); // so that a screen reader reads on from the new page
    window.scrollTo(0, 0);
  }, [pathname, close]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !open } }} padding={{ base: "sm", sm: "lg" }}>
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={open ? "Close the menu" : "Open the menu"} aria-expanded={open} />
            <Link to="/" className="brand">
              <img src="/favicon.svg" alt="" width={26} height={26} />
              <Text fw={700} component="span">
                Customer360
              </Text>
            </Link>
          </Group>
          <Scheme />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {PLACES.map(({ to, name, icon: Icon }) => {
          const here = to === "/" ? pathname === "/" : pathname.startsWith(to);
          return <NavLink key={to} component={Link} to={to} label={name} active={here} aria-current={here ? "page" : undefined} leftSection={<Icon size={18} aria-hidden />} />;
        })}
        <Link to="/words" className="quiet" style={{ marginTop: "auto" }}>
          What do these words mean?
        </Link>
        <a href="/docs" className="quiet">
          The API
        </a>
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <div className="measure">
          <Connection />
          <Guarded height={320} key={pathname}>
            <Outlet />
          </Guarded>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function Connection() {
  const { data, error, refetch, isFetching } = useQuery(whoami);
  const [failure, setFailure] = useState<Failure | null>(null); // stays while it is asked again, with the dialog that was opened here
  if (error instanceof Failure && error !== failure) setFailure(error);
  if (failure && !error && data !== undefined) setFailure(null);
  if (!failure) return null;
  if (failure.status === 401)
    return (
      <Alert color="yellow" mb="md" title="This server asks for a key">
        <KeyButton needed />
      </Alert>
    );
  if (failure.status === 0 || failure.status >= 500)
    return (
      <Alert color="red" mb="md" title="The server does not answer" role="alert">
        It is asked again every few seconds; what you see may be old.{" "}
        <button type="button" className="linklike" onClick={() => void refetch()} disabled={isFetching}>
          Ask now
        </button>
      </Alert>
    );
  return null;
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const now = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const next = now === "light" ? "dark" : "light";
  return (
    <ActionIcon variant="default" size="lg" aria-label={`Switch to ${next} colours`} onClick={() => setColorScheme(next)}>
      {now === "light" ? <IconMoon size={18} aria-hidden /> : <IconSun size={18} aria-hidden />}
    </ActionIcon>
  );
}
