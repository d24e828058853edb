import { Anchor, Text } from "@mantine/core";
import { createBrowserRouter, Link } from "react-router";
import { Layout } from "./components/Layout";
import { Page } from "./components/Page";
import { ahead } from "./lib/late";

const Overview = ahead(() => import("./pages/Overview"));
const Customer = ahead(() => import("./pages/Customer"));
const Visitor = ahead(() => import("./pages/Visitor"));
const Product = ahead(() => import("./pages/Product"));
const Search = ahead(() => import("./pages/Search"));
const Words = ahead(() => import("./pages/Words"));
const Models = ahead(() => import("./pages/Models"));

function Nowhere() {
  return (
    <Page title="There is no such page">
      <Text>
        <Anchor component={Link} to="/">
          Back to the overview
        </Anchor>
      </Text>
    </Page>
  );
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
      { path: "/words", element: <Words /> },
      { path: "*", element: <Nowhere /> },
    ],
  },
];

export const router = () => createBrowserRouter(routes);
