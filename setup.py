"Install `customer360`; everything that varies is read from settings.ini"

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
parser = ConfigParser(delimiters=["="])
parser.read(root / "settings.ini", encoding="utf-8")
config = parser["DEFAULT"]

extras = {
    key.removesuffix("_requirements"): value.split()
    for key, value in config.items()
    if key.endswith("_requirements")
}
# `all` is what a checkout is set up with: peers to compare with are none of it, `make benchmark` adds them.
mine = (needs for name, needs in extras.items() if name != "benchmarks")
extras["all"] = sorted({need for needs in mine for need in needs})

# The server and its page travel under the package's name, if they are here: an image has them beside it.
page = (root / "frontend" / "dist" / "index.html").is_file()
server = [f"customer360.{name}" for name in find_packages(include=["api", "api.*"])]
server += ["customer360.page"] if page else []

setup(
    name=config["lib_name"],
    version=config["version"],
    description=config["description"],
    long_description=(root / "README.md").read_text(encoding="utf-8")
    if (root / "README.md").exists()
    else "",
    long_description_content_type="text/markdown",
    author=config["author"],
    author_email=config["author_email"],
    url=config["git_url"],
    license="Apache-2.0",
    keywords=config["keywords"],
    python_requires=f">={config['min_python']}",
    # The pipeline notebooks, the data cards and the demo's models travel in the wheel, so that a pip install can report and serve.
    packages=[
        *find_packages(include=["customer360", "customer360.*"]),
        *server,
        *(
            "customer360.pipelines",
            "customer360.benchmark_notebooks",
            "customer360.cards",
            "customer360.benchmarks",
            "customer360.pretrained",
            "customer360.data.migrations",
            "customer360.data.migrations.versions",
        ),
    ],
    package_dir={
        "customer360.api": "api",
        "customer360.page": "frontend/dist",
        "customer360.pipelines": "nbs/pipelines",
        "customer360.benchmark_notebooks": "nbs/benchmarks",
        "customer360.cards": "data/cards",
        "customer360.benchmarks": "data/benchmarks",
        "customer360.pretrained": "data/pretrained",
    },
    package_data={
        "customer360.data": ["shop/*.toml"],
        "customer360.evaluation": ["templates/*"],
        "customer360.page": ["**/*"],
        "customer360.pipelines": ["*.ipynb"],
        "customer360.benchmark_notebooks": ["*.ipynb"],
        "customer360.cards": ["*.toml"],
        "customer360.benchmarks": ["*.toml"],
        "customer360.pretrained": ["**/*"],
    },
    install_requires=config["requirements"].split(),
    extras_require=extras,
    entry_points={"console_scripts": config["console_scripts"].split()},
)
