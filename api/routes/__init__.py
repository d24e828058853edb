"The routes, by what they are about; each parses, calls the Service, and shapes the answer"
