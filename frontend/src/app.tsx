import { Anchor, Text } from "@mantine/core";
import { createBrowserRouter, Link, Navigate, useLocation } from "react-router";
import { Layout } from "./components/Layout";
import { Page } from "./components/Page";
import { basePath } from "./api/address";
import { prefetchedComponent } from "./lib/lazy";

const Overview = prefetchedComponent(() => import("./pages/Overview"));
const Customer = prefetchedComponent(() => import("./pages/Customer"));
const Visitor = prefetchedComponent(() => import("./pages/Visitor"));
const Product = prefetchedComponent(() => import("./pages/Product"));
const Search = prefetchedComponent(() => import("./pages/Search"));
const Glossary = prefetchedComponent(() => import("./pages/Glossary"));
const Models = prefetchedComponent(() => import("./pages/Models"));

function PageNotFound() {
  return (
    <Page title="Page not found">
      <Text>
        <Anchor component={Link} to="/">
          Go to the overview
        </Anchor>
      </Text>
    </Page>
  );
}

/** Keep bookmarks of the glossary's former address working. */
function FormerGlossary() {
  const { hash } = useLocation();
  return <Navigate to={{ pathname: "/glossary", hash }} replace />;
}

export const routes = [
  {
    element: <Layout />,
    children: [
      { path: "/", element: <Overview /> },
      { path: "/customers/:customer?", element: <Customer /> },
      { path: "/visitor", element: <Visitor /> },
      { path: "/products/:item?", element: <Product /> },
      { path: "/search", element: <Search /> },
      { path: "/models", element: <Models /> },
      { path: "/glossary", element: <Glossary /> },
      { path: "/words", element: <FormerGlossary /> },
      { path: "*", element: <PageNotFound /> },
    ],
  },
];

export const createRouter = () => createBrowserRouter(routes, { basename: basePath || "/" });
