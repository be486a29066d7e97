// What tests/symbols compares with llvm-symbolizer for C++: much of the library, inlined everywhere.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace leaky {
struct Rows {
	int add(int n);
	std::map<std::string, std::vector<std::shared_ptr<int>>> rows;
};

int Rows::add(int n)
{
	for (int i = 0; i < n; i++)
		rows[std::to_string(i)].push_back(std::make_shared<int>(i));
	return rows.size();
}
} // namespace leaky

int main(int argc, char **argv)
{
	std::regex pattern("a(b|c)*d");
	std::smatch match;
	std::string text = argv[0];
	leaky::Rows rows;
	int n = rows.add(argc * 10);
	std::vector<std::string> words(argv, argv + argc);

	std::sort(words.begin(), words.end(), [](auto &a, auto &b) { return a.size() < b.size(); });
	std::cout << std::regex_search(text, match, pattern) << n << words[0];
}
