#include "servers/zoho/catalog.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::string_view kCatalog = R"(
module Leads singular=Lead
Last_Name text len=80 as=last mandatory display
First_Name text len=40 as=first null=15
Salutation picklist pick=-None-/Mr./Mrs./Ms./Dr. null=30
Company text len=200 as=company mandatory
Designation text len=100
Email email null=5
Phone phone
Website website
Lead_Source picklist pick=-None-/Advertisement/Cold_Call/Web_Download/Trade_Show/Partner
Lead_Status picklist pick=-None-/Contacted/Junk_Lead/Lost_Lead/Pre-Qualified
Annual_Revenue currency dp=2 null=30
No_of_Employees integer null=30
Rating picklist pick=-None-/Acquired/Active/Project_Cancelled
Email_Opt_Out boolean null=0
Converted__s boolean null=0 as=rare
Converted_Account lookup to=Accounts null=90
City text len=100 as=city
Country text len=100 as=country
Description textarea len=32000 as=prose null=40
About rich_text as=html null=30
Languages multiselectpicklist pick=English/German/French/Hindi/Greek custom
Score formula return=double null=0
system
fill Extra 31

module Contacts singular=Contact
Last_Name text len=80 as=last mandatory display
First_Name text len=40 as=first
Account_Name lookup to=Accounts null=20
Email email
Phone phone
Mobile phone null=50
Date_of_Birth date null=40
Reports_To lookup to=Contacts null=70
Mailing_City text len=100 as=city
Mailing_Country text len=100 as=country
Salutation picklist pick=-None-/Mr./Mrs./Ms./Dr.
Record_Image profileimage null=80
Description textarea len=32000 as=prose null=50
Favourite_Products multiselectlookup to=Contacts_X_Products custom
Helpers multiuserlookup custom
system

module Accounts singular=Account share=300
Account_Name text len=200 as=company mandatory display
Parent_Account lookup to=Accounts null=80
Account_Number bigint null=20
Account_Type picklist pick=-None-/Analyst/Competitor/Customer/Partner/Supplier
Industry picklist pick=-None-/Banking/Education/Energy/Retail/Telecom
Annual_Revenue currency dp=2
Employees integer
Website website
Phone phone
Billing_City text len=100 as=city
Billing_Country text len=100 as=country
Description textarea len=32000 as=prose null=40
Open_Deals rollup_summary return=integer null=0
Territories territories null=50
system

module Deals singular=Deal
Deal_Name text len=120 as=title mandatory display
Account_Name lookup to=Accounts null=10
Contact_Name lookup to=Contacts null=20
Stage picklist pick=Qualification/Needs_Analysis/Proposal/Negotiation/Closed_Won/Closed_Lost null=0
Amount currency dp=2
Closing_Date date null=0
Probability integer
Expected_Revenue formula return=currency null=5
Type picklist pick=-None-/Existing_Business/New_Business
Lead_Source picklist pick=-None-/Advertisement/Cold_Call/Partner
Next_Step text len=100
Description textarea len=32000 as=prose null=40
Campaign_Source lookup to=Campaigns null=60
Currency picklist pick=USD/EUR/INR null=0
Exchange_Rate double dp=9 null=0
Overall_Sales_Duration integer null=50
system
fill Detail 13

module Tasks singular=Task
Subject text len=300 as=title mandatory display
Due_Date date
Status picklist pick=Not_Started/Deferred/In_Progress/Completed null=0
Priority picklist pick=High/Highest/Low/Lowest/Normal null=0
Who_Id lookup to=Contacts null=30
What_Id lookup to=Deals null=30
Remind_At ALARM null=60
Recurring_Activity RRULE null=70
Closed_Time datetime null=60
Description textarea len=32000 as=prose null=30
system

module Events singular=Meeting plural=Meetings name=Meetings share=500
Event_Title text len=255 as=title mandatory display
Start_DateTime datetime null=0
End_DateTime datetime null=0
All_day boolean null=0
Venue text len=255 as=city
Who_Id lookup to=Contacts null=30
What_Id lookup to=Accounts null=30
Remind_At multireminder null=50
Recurring_Activity RRULE null=80
system

module Calls singular=Call share=500
Subject text len=300 as=title mandatory display
Call_Type picklist pick=Outbound/Inbound/Missed null=0
Call_Start_Time datetime null=0
Call_Duration text len=20 as=duration
Call_Duration_in_seconds integer
Who_Id lookup to=Contacts null=30
Call_Result picklist pick=-None-/Interested/Not_interested/No_response
Reminder picklist as=datetime_text null=60 pick=None/5_minutes_before
system

module Products singular=Product share=200
Product_Name text len=200 as=product mandatory display
Product_Code text len=40 as=code
Product_Active boolean null=0
Unit_Price currency dp=2 null=0
Qty_in_Stock double dp=2
Taxable boolean null=0
Vendor_Name lookup to=Vendors null=30
Sales_Start_Date date
Description textarea len=32000 as=prose null=40
system

module Vendors singular=Vendor share=100
Vendor_Name text len=120 as=company mandatory display
Email email
Phone phone
Website website
Category text len=50
system

module Campaigns singular=Campaign share=50
Campaign_Name text len=200 as=title mandatory display
Status picklist pick=-None-/Planning/Active/Inactive/Complete
Start_Date date
Budgeted_Cost currency dp=2
Actual_Cost currency dp=9
system

module Cases singular=Case share=200
Subject text len=300 as=title mandatory display
Case_Number autonumber null=0
Status picklist pick=New/On_Hold/Escalated/Closed null=0
Account_Name lookup to=Accounts
Related_To lookup to=Contacts
Description textarea len=32000 as=prose
system

module Solutions singular=Solution share=0
Solution_Title text len=200 as=title mandatory display
Solution_Number autonumber null=0
system

module Quotes singular=Quote share=200
Subject text len=300 as=title mandatory display
Quote_Number autonumber null=0
Quote_Stage picklist pick=Draft/Negotiation/Delivered/On_Hold/Confirmed null=0
Account_Name lookup to=Accounts null=5
Valid_Till date
Grand_Total currency dp=2 null=0
Tax_Rates linetax null=60
Quoted_Items subform to=Quoted_Items
system

module Quoted_Items singular=Quoted_Item type=subform status=system_hidden parent=Quotes rows=3
Parent_Id lookup to=Quotes null=0
Product_Name lookup to=Products null=0
Quantity double dp=2 null=0
List_Price currency dp=2 null=0
Discount currency dp=2
Total currency dp=2 null=0
Description textarea len=2000 as=prose null=60
Created_Time datetime null=0
Modified_Time datetime null=0

module Invoices singular=Invoice share=200
Subject text len=300 as=title mandatory display
Invoice_Number autonumber null=0
Status picklist pick=Created/Approved/Delivered/Cancelled null=0
Account_Name lookup to=Accounts null=5
Invoice_Date date
Due_Date date
Grand_Total currency dp=2 null=0
system

module Notes singular=Note status=system_hidden admin nobulk share=500
Note_Title text len=120 as=title display
Note_Content textarea len=32000 as=prose null=0
Parent_Id multi_module_lookup to=Leads null=0
system

module DealHistory singular=Deal_History type=field_tracker status=system_hidden share=2000
Stage picklist pick=Qualification/Needs_Analysis/Proposal/Negotiation/Closed_Won/Closed_Lost null=0
Deal_Name lookup to=Deals null=5
Amount currency dp=2
Probability integer
Moved_To__s picklist pick=Qualification/Needs_Analysis/Proposal/Negotiation/Closed_Won/Closed_Lost
Modified_Time datetime null=0
Modified_By ownerlookup null=0

module Contacts_X_Products type=linking status=system_hidden parent=Contacts rows=2
Favoured_By lookup to=Contacts null=0
Products lookup to=Products null=0
Created_Time datetime null=0
Modified_Time datetime null=0

module Every_Type name=CustomModule3 singular=Specimen plural=Specimens type=custom share=500
Name text len=120 as=title mandatory display
Medium mediumtext as=prose custom
Small_Area textarea len=2000 as=prose custom
Rich rich_text as=html custom
Mail email custom
Telephone phone custom
Page website custom
Choice picklist pick=-None-/One/Two/Três/四 custom
Choices multiselectpicklist pick=Red/Green_blue/Yellow,_ochre/Weiß custom
Whole integer custom
Long_Digits bigint len=18 custom
Long_Old long len=18 custom nojson
Real double dp=6 custom
Share percent dp=2 custom
Money currency dp=9 custom
Flag boolean custom
Day date custom
Instant datetime custom
Partner lookup to=Accounts custom
Anything multi_module_lookup to=Contacts custom
Colleague userlookup custom
Consent consent_lookup custom
Number_Auto autonumber null=0 custom
Portrait profileimage custom
Areas territories custom
Files fileupload custom
Pictures imageupload custom
Repeat RRULE custom
Alarm ALARM custom
Reminders multireminder custom
Span time_range custom
Taxes linetax custom
Mystery quantum_field as=prose custom
Formula_Number formula return=double custom
Formula_Text formula return=text custom
Formula_Date formula return=date custom
Formula_Time formula return=datetime custom
Formula_Flag formula return=boolean custom
Roll_Up rollup_summary return=integer custom
Lines subform to=Specimen_Lines custom
Assistants multiuserlookup custom
system

module Specimen_Lines name=LinkingModule5 type=subform status=system_hidden parent=Every_Type rows=2
Parent_Id lookup to=Every_Type null=0
Label text len=120 as=prose display
Weight double dp=3
Price currency dp=2
Measured_On date
Product lookup to=Products null=20
Created_Time datetime null=0
Modified_Time datetime null=0

module Site_Surveys name=CustomModule7 plural=Site_visits type=custom share=50 status=user_hidden
Name text len=120 as=title mandatory display
Account lookup to=Accounts custom
Notes_Html rich_text as=html custom
Visited_On date custom
system
fill Answer 200

module Actions_Performed status=system_hidden nofields
module Price_Books singular=Price_Book refuse=FEATURE_NOT_ENABLED share=0
Price_Book_Name text as=title display
system
module Appointments__s refuse=NO_PERMISSION share=0
Appointment_Name text as=title display
system
module Purchase_Orders singular=Purchase_Order refuse=NOT_SUPPORTED share=0
Subject text as=title display
system
module Home noapi noview
module Reports noapi noview
module Dashboards noapi noview name=Analytics
module Documents noapi noview
module SalesInbox noapi noview
module Feeds noapi noview
module Social noapi noview
module File_Upload_n__s noapi noview status=system_hidden
module Email_Sentiment noview status=system_hidden refuse=INVALID_MODULE
module Email_Analytics noview status=system_hidden refuse=INVALID_MODULE
module Scoring_Rules__s noview status=system_hidden refuse=INVALID_MODULE
module Locking_Information__s noview status=system_hidden refuse=NO_PERMISSION
)";

}  // namespace

std::string_view catalog_text() {
  return kCatalog;
}

}  // namespace penstock::zoho_sim
