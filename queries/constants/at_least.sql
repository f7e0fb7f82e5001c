-- title: The smallest samples
-- Events of a median, others in a comparison, members of a group that is shown, active people of a week.
CREATE OR REPLACE MACRO at_least() AS
{'events': 6, 'others': 8, 'members': 5, 'active': 4}
