"Print the requirements of the package and of some extras, a line each, for a layer of their own"

import sys
from configparser import ConfigParser

parser = ConfigParser(delimiters=["="])
parser.read("settings.ini", encoding="utf-8")
wanted = ["requirements", *(f"{extra}_requirements" for extra in sys.argv[1:])]
print(*sorted({need for name in wanted for need in parser["DEFAULT"][name].split()}), sep="\n")
